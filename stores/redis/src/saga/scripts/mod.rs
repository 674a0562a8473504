//! The steps of the log, each one atomic. All of them look for the bucket's sentinel first.

use crate::script::Script;

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("../../guard.lua"), include_str!($file)))
    };
}

pub(super) static CLAIM: Script = script!("claim.lua");
pub(super) static APPEND: Script = script!("append.lua");
pub(super) static RENEW: Script = script!("renew.lua");
pub(super) static LOAD: Script = script!("load.lua");
pub(super) static LIST: Script = script!("list.lua");
pub(super) static ENDED: Script = script!("ended.lua");
pub(super) static FORGET: Script = script!("forget.lua");
