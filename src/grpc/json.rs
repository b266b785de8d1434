//! Messages in the JSON mapping of Protocol Buffers, with the field names of the `.proto` files.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

use super::DESCRIPTORS;

/// Why a message cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The descriptors do not describe the message.
    #[error("message '{0}' has no descriptor")]
    Unknown(&'static str),
    /// The descriptors cannot be read.
    #[error(transparent)]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// The message cannot be read back.
    #[error(transparent)]
    Decode(#[from] prost::DecodeError),
    /// The message cannot be written.
    #[error(transparent)]
    Write(#[from] serde_json::Error),
}

/// A message of package `triage.v1` by its `name` as indented JSON, fields with default values
/// included.
///
/// # Errors
/// If there is no such message.
pub fn to_json(name: &'static str, message: &impl Message) -> Result<String, JsonError> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let descriptor = pool
        .get_message_by_name(&format!("triage.v1.{name}"))
        .ok_or(JsonError::Unknown(name))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new()
        .skip_default_fields(false)
        .use_proto_field_name(true);
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut bytes);
    dynamic.serialize_with_options(&mut serializer, &options)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
