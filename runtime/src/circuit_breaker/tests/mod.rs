mod decision;
mod future;
