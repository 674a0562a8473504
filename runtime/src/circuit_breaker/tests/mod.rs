mod decision;
mod future;
mod model;
