//! Whether everybody counted the same.

use std::fmt;

use crate::totals::Volume;

/// What each party counted of one transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// What the publisher sent.
    pub sent: Volume,
    /// What each subscriber received.
    pub received: Vec<Volume>,
    /// What came into the relay, by its counters and by moq-net's registry.
    pub ingress: Both,
    /// What left it.
    pub egress: Both,
    /// Sessions that watched, by the relay's counters.
    pub viewers: u64,
}

/// The same thing counted twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Both {
    /// By streamgauge.
    pub ours: Volume,
    /// By moq-net.
    pub theirs: Volume,
}

/// Two figures that should be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    who: String,
    counted: String,
    expected: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            who,
            counted,
            expected,
        } = self;
        write!(f, "{who}: {counted}; expected {expected}")
    }
}

impl Accounts {
    /// Everything that was delivered, to all subscribers.
    pub fn delivered(&self) -> Volume {
        self.received
            .iter()
            .fold(Volume::default(), |sum, volume| sum + *volume)
    }

    /// What does not agree.
    pub fn differences(&self) -> Vec<Difference> {
        let delivered = self.delivered();
        let viewers = self.received.len();
        let mut all = Vec::new();
        for (number, received) in (1..).zip(&self.received) {
            all.extend(difference(
                &format!("subscriber {number} received"),
                received,
                &self.sent,
            ));
        }
        all.extend(difference(
            "the relay counted in",
            &self.ingress.ours,
            &self.sent,
        ));
        all.extend(difference(
            "moq-net counted in",
            &self.ingress.theirs,
            &self.sent,
        ));
        all.extend(difference(
            "the relay counted out",
            &self.egress.ours,
            &delivered,
        ));
        all.extend(difference(
            "moq-net counted out",
            &self.egress.theirs,
            &delivered,
        ));
        all.extend(difference(
            "the relay counted viewers",
            &self.viewers,
            &(viewers as u64),
        ));
        all
    }
}

fn difference<T: PartialEq + fmt::Display>(
    who: &str,
    counted: &T,
    expected: &T,
) -> Option<Difference> {
    (counted != expected).then(|| Difference {
        who: who.to_owned(),
        counted: counted.to_string(),
        expected: expected.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed() -> Accounts {
        let sent = Volume {
            groups: 2,
            frames: 3,
            bytes: 100,
        };
        let twice = Both {
            ours: sent + sent,
            theirs: sent + sent,
        };
        Accounts {
            sent,
            received: vec![sent, sent],
            ingress: Both {
                ours: sent,
                theirs: sent,
            },
            egress: twice,
            viewers: 2,
        }
    }

    #[test]
    fn nothing_differs_when_all_agree() {
        assert_eq!(agreed().differences(), []);
    }

    #[test]
    fn a_single_byte_is_found_wherever_it_is() {
        let changes: [fn(&mut Accounts); 6] = [
            |all| all.received[1].bytes += 1,
            |all| all.ingress.ours.bytes -= 1,
            |all| all.ingress.theirs.frames += 1,
            |all| all.egress.ours.groups += 1,
            |all| all.egress.theirs.bytes -= 1,
            |all| all.viewers += 1,
        ];
        for change in changes {
            let mut accounts = agreed();
            change(&mut accounts);
            assert!(!accounts.differences().is_empty());
        }
    }
}
