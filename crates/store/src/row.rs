//! Values that go into a statement and rows that come out, alike on both engines.

use jiff::Timestamp;
use jiff::civil::Date;
use procedure::{MatterId, UnitId, UserId};

use crate::error::StoreError;

/// A value bound to a placeholder or found in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number; truths are 0 and 1, instants microseconds since 1970 in UTC.
    Int(i64),
    /// A text; days are `YYYY-MM-DD`.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Int(_) => "a number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
        }
    }
}

macro_rules! value_from {
    ($($from:ty => |$given:ident| $made:expr),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from($given: $from) -> Self {
                $made
            }
        }
    )+};
}

value_from! {
    i64 => |n| Self::Int(n),
    i32 => |n| Self::Int(n.into()),
    u32 => |n| Self::Int(n.into()),
    u16 => |n| Self::Int(n.into()),
    bool => |truth| Self::Int(truth.into()),
    &str => |text| Self::Text(text.to_owned()),
    &String => |text| Self::Text(text.clone()),
    String => |text| Self::Text(text),
    Vec<u8> => |bytes| Self::Bytes(bytes),
    &[u8] => |bytes| Self::Bytes(bytes.to_vec()),
    Timestamp => |at| Self::Int(at.as_microsecond()),
    Date => |day| Self::Text(day.to_string()),
    UnitId => |id| Self::Int(id.0),
    UserId => |id| Self::Int(id.0),
    &MatterId => |id| Self::Text(id.as_str().to_owned()),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(given: Option<T>) -> Self {
        given.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The column at a place, counted from 0.
    ///
    /// # Errors
    /// [`StoreError::Column`] or [`StoreError::Damaged`] when it holds something else.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, StoreError> {
        let value = self.0.get(column).unwrap_or(&Value::Null);
        T::from_value(value)?.ok_or(StoreError::Column {
            column,
            found: value.kind(),
            wanted: T::WANTED,
        })
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// What it is, for the error.
    const WANTED: &'static str;

    /// Reads it; `None` when the value is of another kind.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the kind is right but the contents are not.
    fn from_value(value: &Value) -> Result<Option<Self>, StoreError>;
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn from_value(value: &Value) -> Result<Option<Self>, StoreError> {
        match value {
            Value::Null => Ok(Some(None)),
            other => Ok(T::from_value(other)?.map(Some)),
        }
    }
}

macro_rules! from_value {
    ($($to:ty, $wanted:literal, $pattern:pat => $made:expr);+ $(;)?) => {$(
        impl FromValue for $to {
            const WANTED: &'static str = $wanted;

            fn from_value(value: &Value) -> Result<Option<Self>, StoreError> {
                match value {
                    $pattern => $made,
                    _ => Ok(None),
                }
            }
        }
    )+};
}

fn damaged<E>(what: &'static str) -> impl FnOnce(E) -> StoreError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| StoreError::damaged(what, error)
}

from_value! {
    i64, "a number", Value::Int(n) => Ok(Some(*n));
    u32, "a number", Value::Int(n) => u32::try_from(*n).map(Some).map_err(damaged("number"));
    u64, "a number", Value::Int(n) => u64::try_from(*n).map(Some).map_err(damaged("number"));
    bool, "a truth", Value::Int(n) => Ok(Some(*n != 0));
    String, "a text", Value::Text(text) => Ok(Some(text.clone()));
    Vec<u8>, "bytes", Value::Bytes(bytes) => Ok(Some(bytes.clone()));
    Timestamp, "an instant", Value::Int(n) =>
        Timestamp::from_microsecond(*n).map(Some).map_err(damaged("instant"));
    Date, "a day", Value::Text(text) => text.parse().map(Some).map_err(damaged("day"));
    UnitId, "a unit", Value::Int(n) => Ok(Some(Self(*n)));
    UserId, "a user", Value::Int(n) => Ok(Some(Self(*n)));
    MatterId, "a matter", Value::Text(text) =>
        text.parse().map(Some).map_err(damaged("id of a matter"));
}
