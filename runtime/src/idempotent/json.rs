//! stub
use crate::RecordError;
pub(crate) fn exact<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, RecordError> {
    serde_json::to_vec(value).map_err(|e| RecordError::from_json(&e))
}
