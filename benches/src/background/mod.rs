//! Work beside the request, and the same over tokio's channel by plain tasks.

pub mod pool;

use crate::drive::Group;

pub static BACKGROUND: [Group; 2] = [pool::POOL, pool::BATCHER];
