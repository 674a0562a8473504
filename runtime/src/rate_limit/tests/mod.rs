mod decision;
mod future;
mod refunds;
mod support;
mod waiting;
