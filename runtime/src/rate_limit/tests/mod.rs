mod decision;
mod future;
mod waiting;
