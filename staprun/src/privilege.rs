//! Who may load what (S28 to S30): rules only, no look at the system.

use crate::error::{Error, Result};

/// `STP_PR_STAPUSR`
pub const STAPUSR: u32 = 0x2;
/// `STP_PR_STAPSYS`
pub const STAPSYS: u32 = 0x4;
/// `STP_PR_STAPDEV`
pub const STAPDEV: u32 = 0x8;

/// What the module is told of a user who may load it: all, for root has vouched for a blessed module too.
pub const CREDENTIALS: u32 = STAPUSR | STAPSYS | STAPDEV;

/// Which of SystemTap's groups a user is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// stapusr
    pub usr: bool,
    /// stapsys
    pub sys: bool,
    /// stapdev
    pub dev: bool,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// Any module: root and members of stapdev.
    Any,
    /// Only modules that root has put below /lib/modules.
    Blessed,
}

impl Privilege {
    /// The privilege of a user, or the refusal of one who has none.
    pub fn of(root: bool, groups: Membership) -> Result<Self> {
        if root || groups.dev {
            Ok(Self::Any)
        } else if groups.usr || groups.sys {
            Ok(Self::Blessed)
        } else {
            Err(Error::refused(NORMAL_USER))
        }
    }
}

/// The wording that users of SystemTap know.
const NORMAL_USER: &str = "You are trying to run systemtap as a normal user.
You should either be root, or be part of group \"stapusr\" and possibly the groups \"stapsys\" or \"stapdev\".";

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Membership = Membership { usr: false, sys: false, dev: false };

    #[test]
    fn root_and_stapdev_load_anything() {
        assert_eq!(Privilege::of(true, NONE).unwrap(), Privilege::Any);
        assert_eq!(Privilege::of(false, Membership { dev: true, ..NONE }).unwrap(), Privilege::Any);
    }

    #[test]
    fn stapusr_and_stapsys_load_what_root_has_blessed() {
        for groups in [Membership { usr: true, ..NONE }, Membership { sys: true, ..NONE }] {
            assert_eq!(Privilege::of(false, groups).unwrap(), Privilege::Blessed);
        }
    }

    #[test]
    fn a_normal_user_is_refused_in_the_known_words() {
        let text = Privilege::of(false, NONE).unwrap_err().to_string();
        assert!(text.contains("You are trying to run systemtap as a normal user.\nYou should either be root, or be part of group \"stapusr\" and possibly the groups \"stapsys\" or \"stapdev\"."));
    }
}
