mod decision;
mod future;
mod model;
mod shared;
