//! The last event ID of an owned event, which events share.

#[cfg(not(target_has_atomic = "ptr"))]
use alloc::boxed::Box as Shared;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc as Shared;
use core::fmt::{self, Debug, Display, Formatter};
use core::ops::Deref;

/// The last event ID string of an [`OwnedEvent`](crate::OwnedEvent): a `str` that is cheap to clone.
///
/// All owned events that a parser returns while an ID is in force share it. On targets without atomic pointers each has a
/// copy.
///
/// ```
/// let id = sse_wire::LastEventId::from("7");
/// assert_eq!(id.len(), 1);
/// assert_eq!(id, "7");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LastEventId(Option<Shared<str>>);

impl LastEventId {
    pub(crate) const NONE: Self = LastEventId(None);

    /// Returns the ID.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl Deref for LastEventId {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for LastEventId {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<&str> for LastEventId {
    fn from(id: &str) -> Self {
        LastEventId((!id.is_empty()).then(|| id.into()))
    }
}

impl PartialEq<str> for LastEventId {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for LastEventId {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl Debug for LastEventId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&**self, f)
    }
}

impl Display for LastEventId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&**self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for LastEventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for LastEventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = alloc::borrow::Cow::<str>::deserialize(deserializer)?;
        Ok(Self::from(&*id))
    }
}
