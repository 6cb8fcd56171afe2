//! Messages: the bodies of packets on the control and data channels.

use core::fmt;

use crate::packet::MAX_BODY;

/// The longest payload of a frame, and the longest path, in bytes.
pub const MAX_PAYLOAD: usize = MAX_BODY - 2;

/// One message. Broadcasts and subscriptions have ids that the host chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A publisher offers a broadcast, under an id that is free.
    Announce {
        /// The broadcast's id.
        broadcast: u8,
        /// Its path.
        path: &'a str,
    },
    /// The broadcast ends, and with it its subscriptions.
    Unannounce {
        /// The broadcast's id.
        broadcast: u8,
    },
    /// A subscriber wants a broadcast, under an id that is free.
    Subscribe {
        /// The subscription's id.
        subscription: u8,
        /// The broadcast's id.
        broadcast: u8,
    },
    /// The subscription ends.
    Unsubscribe {
        /// The subscription's id.
        subscription: u8,
    },
    /// A group begins.
    Group {
        /// The broadcast's id on its way to the gateway, the subscription's on its way from it.
        id: u8,
        /// The group's number.
        sequence: u32,
    },
    /// A frame of the group that began last.
    Frame {
        /// The broadcast's id on its way to the gateway, the subscription's on its way from it.
        id: u8,
        /// At most [`MAX_PAYLOAD`] bytes.
        payload: &'a [u8],
    },
    /// Asks for a `Pong`: whoever has it knows that all that was sent before was handled.
    Ping {
        /// Comes back in the `Pong`.
        token: u32,
    },
    /// How the gateway is.
    Pong {
        /// The token of the `Ping`.
        token: u32,
        /// Boots since power came on, this one included.
        boots: u32,
        /// Damaged pieces that came in; see [`Tally`](crate::Tally).
        damaged: u32,
        /// Lost packets.
        lost: u32,
        /// Messages that made no sense or found no room.
        refused: u32,
    },
    /// Begins or ends the race: the `SysTick` handler and a task count in one series.
    Race {
        /// Whether it begins.
        on: bool,
    },
    /// The race has ended.
    Raced {
        /// What the interrupt handler counted since the boot, wrapping.
        interrupt: u32,
        /// What the task counted since the boot, wrapping.
        task: u32,
    },
    /// Sends stats to this UDP port of the host as well, where the board has Ethernet.
    Report {
        /// The port.
        port: u16,
    },
    /// Resets the processor; its memory stays.
    Reset,
}

/// Bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadMessage;

impl fmt::Display for BadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body of a packet is no message")
    }
}

impl core::error::Error for BadMessage {}

impl<'a> Message<'a> {
    /// Reads a body. O(1), and O(length) for a path.
    ///
    /// # Errors
    /// When the kind is unknown, a field is missing or there is too much, or the path is no UTF-8.
    pub fn read(body: &'a [u8]) -> Result<Self, BadMessage> {
        Self::parse(body).ok_or(BadMessage)
    }

    fn parse(body: &'a [u8]) -> Option<Self> {
        let (kind, fields) = body.split_first()?;
        Some(match *kind {
            1 => {
                let (broadcast, path) = fields.split_first()?;
                Self::Announce {
                    broadcast: *broadcast,
                    path: core::str::from_utf8(path).ok()?,
                }
            }
            2 => Self::Unannounce {
                broadcast: byte(fields)?,
            },
            3 => {
                let [subscription, broadcast] = whole(fields)?;
                Self::Subscribe {
                    subscription,
                    broadcast,
                }
            }
            4 => Self::Unsubscribe {
                subscription: byte(fields)?,
            },
            5 => {
                let (id, sequence) = fields.split_first()?;
                Self::Group {
                    id: *id,
                    sequence: u32::from_le_bytes(whole(sequence)?),
                }
            }
            6 => {
                let (id, payload) = fields.split_first()?;
                Self::Frame { id: *id, payload }
            }
            7 => {
                let [token] = numbers(fields)?;
                Self::Ping { token }
            }
            8 => {
                let [token, boots, damaged, lost, refused] = numbers(fields)?;
                Self::Pong {
                    token,
                    boots,
                    damaged,
                    lost,
                    refused,
                }
            }
            9 => Self::Race {
                on: match byte(fields)? {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
            },
            10 => {
                let [interrupt, task] = numbers(fields)?;
                Self::Raced { interrupt, task }
            }
            11 => Self::Report {
                port: u16::from_le_bytes(whole(fields)?),
            },
            12 => whole::<0>(fields).map(|_| Self::Reset)?,
            _ => return None,
        })
    }

    /// Writes the body into `buf` and gives it; nothing if there is not enough room. A `buf` of
    /// [`MAX_BODY`] bytes has room for every message whose path or payload is no longer than
    /// [`MAX_PAYLOAD`].
    pub fn write<'b>(&self, buf: &'b mut [u8]) -> Option<&'b [u8]> {
        let mut out = Out { buf, len: 0 };
        match *self {
            Self::Announce { broadcast, path } => {
                out.put(&[1, broadcast])?;
                out.put(path.as_bytes())?;
            }
            Self::Unannounce { broadcast } => out.put(&[2, broadcast])?,
            Self::Subscribe {
                subscription,
                broadcast,
            } => out.put(&[3, subscription, broadcast])?,
            Self::Unsubscribe { subscription } => out.put(&[4, subscription])?,
            Self::Group { id, sequence } => {
                out.put(&[5, id])?;
                out.put(&sequence.to_le_bytes())?;
            }
            Self::Frame { id, payload } => {
                out.put(&[6, id])?;
                out.put(payload)?;
            }
            Self::Ping { token } => out.numbers(7, [token])?,
            Self::Pong {
                token,
                boots,
                damaged,
                lost,
                refused,
            } => out.numbers(8, [token, boots, damaged, lost, refused])?,
            Self::Race { on } => out.put(&[9, on.into()])?,
            Self::Raced { interrupt, task } => out.numbers(10, [interrupt, task])?,
            Self::Report { port } => {
                out.put(&[11])?;
                out.put(&port.to_le_bytes())?;
            }
            Self::Reset => out.put(&[12])?,
        }
        let Out { buf, len } = out;
        buf.get(..len)
    }
}

/// The fields, if they are `N` bytes.
fn whole<const N: usize>(fields: &[u8]) -> Option<[u8; N]> {
    fields.try_into().ok()
}

fn byte(fields: &[u8]) -> Option<u8> {
    whole(fields).map(|[byte]| byte)
}

/// The fields, if they are `N` numbers.
fn numbers<const N: usize>(fields: &[u8]) -> Option<[u32; N]> {
    let (chunks, rest) = fields.as_chunks();
    let chunks: &[[u8; 4]; N] = chunks.try_into().ok().filter(|_| rest.is_empty())?;
    Some(chunks.map(u32::from_le_bytes))
}

/// A buffer that fills up.
struct Out<'b> {
    buf: &'b mut [u8],
    len: usize,
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.buf.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    fn numbers<const N: usize>(&mut self, kind: u8, numbers: [u32; N]) -> Option<()> {
        self.put(&[kind])?;
        numbers
            .iter()
            .try_for_each(|number| self.put(&number.to_le_bytes()))
    }
}
