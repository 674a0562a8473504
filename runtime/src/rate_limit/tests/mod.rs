mod counted;
mod decision;
mod future;
mod refunds;
mod shared;
mod support;
mod waiting;
