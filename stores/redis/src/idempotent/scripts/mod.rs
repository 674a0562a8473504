//! The steps of the store, each one atomic. All of them look for the bucket's sentinel first.

use crate::script::Script;

pub(super) static CLAIM: Script = Script::new(concat!(include_str!("../../guard.lua"), include_str!("claim.lua")));
pub(super) static RELEASE: Script = Script::new(concat!(include_str!("../../guard.lua"), include_str!("release.lua")));
pub(super) static EXTEND: Script = Script::new(concat!(include_str!("../../guard.lua"), include_str!("extend.lua")));
pub(super) static GET: Script = Script::new(concat!(include_str!("../../guard.lua"), include_str!("get.lua")));
pub(super) static OPEN: Script = Script::new(concat!(include_str!("../../guard.lua"), include_str!("open.lua")));
pub(super) static REMOVE: Script = Script::new(concat!(include_str!("../../guard.lua"), include_str!("remove.lua")));
pub(super) static COMPLETE: Script =
    Script::new(concat!(include_str!("../../guard.lua"), include_str!("keep.lua"), include_str!("complete.lua")));
pub(super) static RESOLVE: Script =
    Script::new(concat!(include_str!("../../guard.lua"), include_str!("keep.lua"), include_str!("resolve.lua")));
