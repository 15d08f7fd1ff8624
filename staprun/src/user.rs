//! The user who started the program, held against the groups of the system.

use nix::unistd::{Gid, Group, getegid, getgroups};

use crate::error::{Error, Result};
use crate::privilege::{Membership, Privilege};
use crate::self_check::Identity;

/// What this user may do; refuses those who may do nothing, and a staprun that lacks root's rights.
pub fn privilege(identity: &Identity) -> Result<Privilege> {
    let privilege = Privilege::of(identity.user.is_root(), membership()?)?;
    if identity.effective.is_root() {
        return Ok(privilege);
    }
    Err(Error::refused("The effective user ID of staprun must be set to the root user.").help(
        "\"make install\" as root does that; from the build tree, run staprun as root (for example with sudo)",
    ))
}

fn membership() -> Result<Membership> {
    let mut own = getgroups().map_err(|error| Error::refused(format!("cannot read your groups: {error}")))?;
    own.push(getegid());
    let is_in = |name| group(name).is_some_and(|group| own.contains(&group));
    Ok(Membership { usr: is_in("stapusr"), sys: is_in("stapsys"), dev: is_in("stapdev") })
}

/// A group that does not exist has no members.
fn group(name: &str) -> Option<Gid> {
    Group::from_name(name).ok().flatten().map(|group| group.gid)
}
