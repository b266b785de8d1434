//! Schemas of the messages that methods take and give, as the JSON mapping of Protocol Buffers writes them.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, Ref, RefBuilder, Schema,
    SchemaFormat, SchemaType, Type,
};

use super::comments::Comments;
use crate::http::method::Method;

/// The package whose names stand alone.
const PACKAGE: &str = "triage.v1.";

/// Every message and enumeration that `methods` need, and the shape of errors, by name.
pub(super) fn all(methods: &[Method], comments: &Comments) -> BTreeMap<String, RefOr<Schema>> {
    let mut schemas = Schemas {
        comments,
        found: BTreeMap::new(),
    };
    for method in methods {
        schemas.message(&method.descriptor.input());
        schemas.message(&method.descriptor.output());
    }
    schemas.found.insert("Fault".to_owned(), fault());
    schemas.found
}

/// Where a message's schema is.
pub(super) fn reference(message: &MessageDescriptor) -> Ref {
    Ref::from_schema_name(short(message.full_name()))
}

fn short(full_name: &str) -> &str {
    full_name.strip_prefix(PACKAGE).unwrap_or(full_name)
}

struct Schemas<'a> {
    comments: &'a Comments,
    found: BTreeMap<String, RefOr<Schema>>,
}

impl Schemas<'_> {
    /// Finds a message's schema, and those of all that it holds.
    fn message(&mut self, message: &MessageDescriptor) {
        let name = short(message.full_name()).to_owned();
        if self.found.contains_key(&name) {
            return;
        }
        // A message may hold itself.
        self.found.insert(name.clone(), RefOr::T(Schema::default()));
        let mut object = ObjectBuilder::new().description(self.describe(message));
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        // As declared, which is what the last part of a field's path counts.
        fields.sort_by_key(|field| field.path().last().copied());
        for field in fields {
            object = object.property(field.json_name(), self.field(&field));
        }
        self.found.insert(name, object.into());
    }

    fn describe(&self, message: &MessageDescriptor) -> Option<String> {
        let choices = message.oneofs().filter(|oneof| !oneof.is_synthetic());
        let choices = choices.map(|oneof| {
            let names: Vec<String> = oneof
                .fields()
                .map(|f| format!("`{}`", f.json_name()))
                .collect();
            format!("At most one of {} is given.", names.join(", "))
        });
        let parts: Vec<String> = self
            .comments
            .of_message(message)
            .into_iter()
            .chain(choices)
            .collect();
        (!parts.is_empty()).then(|| parts.join("\n\n"))
    }

    fn field(&mut self, field: &FieldDescriptor) -> RefOr<Schema> {
        let description = self.comments.of_field(field);
        if field.is_map()
            && let Kind::Message(entry) = field.kind()
        {
            let value = self.value(&entry.map_entry_value_field().kind(), None);
            let object = ObjectBuilder::new().description(description);
            return object
                .additional_properties(Some(AdditionalProperties::RefOr(value)))
                .into();
        }
        if field.is_list() {
            let items = self.value(&field.kind(), None);
            return ArrayBuilder::new()
                .items(items)
                .description(description)
                .into();
        }
        self.value(&field.kind(), description)
    }

    /// The schema of a single value.
    fn value(&mut self, kind: &Kind, description: Option<String>) -> RefOr<Schema> {
        let of = |one: Type| {
            ObjectBuilder::new()
                .schema_type(one)
                .description(description.clone())
        };
        let formatted = |one: Type, format| of(one).format(Some(SchemaFormat::KnownFormat(format)));
        match kind {
            Kind::Bool => of(Type::Boolean).into(),
            Kind::String => of(Type::String).into(),
            Kind::Bytes => of(Type::String).content_encoding("base64").into(),
            Kind::Float => formatted(Type::Number, KnownFormat::Float).into(),
            Kind::Double => formatted(Type::Number, KnownFormat::Double).into(),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                formatted(Type::Integer, KnownFormat::Int32).into()
            }
            Kind::Uint32 | Kind::Fixed32 => {
                let object = of(Type::Integer).minimum(Some(0_u32));
                object.maximum(Some(u32::MAX)).into()
            }
            // JavaScript's numbers do not hold them.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                of(Type::String).pattern(Some("^-?[0-9]+$")).into()
            }
            Kind::Uint64 | Kind::Fixed64 => of(Type::String).pattern(Some("^[0-9]+$")).into(),
            Kind::Enum(one) => {
                self.enumeration(one);
                described(short(one.full_name()), description)
            }
            Kind::Message(message) => well_known(message, &of).unwrap_or_else(|| {
                self.message(message);
                described(short(message.full_name()), description.clone())
            }),
        }
    }

    fn enumeration(&mut self, one: &EnumDescriptor) {
        let told = one.values().filter_map(|value| {
            let comment = self.comments.of_value(&value)?;
            Some(format!("- `{}`: {comment}", value.name()))
        });
        let told: Vec<String> = told.collect();
        let list = (!told.is_empty()).then(|| told.join("\n"));
        let parts: Vec<String> = self.comments.of_enum(one).into_iter().chain(list).collect();
        let names: Vec<String> = one.values().map(|value| value.name().to_owned()).collect();
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description((!parts.is_empty()).then(|| parts.join("\n\n")))
            .enum_values(Some(names));
        self.found
            .insert(short(one.full_name()).to_owned(), schema.into());
    }
}

fn described(name: &str, description: Option<String>) -> RefOr<Schema> {
    RefBuilder::new()
        .ref_location_from_schema_name(name)
        .description(description)
        .into()
}

/// Messages that JSON has a form of its own for.
fn well_known(
    message: &MessageDescriptor,
    of: &dyn Fn(Type) -> ObjectBuilder,
) -> Option<RefOr<Schema>> {
    let schema = match message.full_name() {
        "google.protobuf.Timestamp" => {
            of(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        }
        "google.protobuf.Duration" => of(Type::String)
            .pattern(Some(r"^-?[0-9]+(\.[0-9]{1,9})?s$"))
            .examples(["90s"]),
        "google.protobuf.FieldMask" => of(Type::String).examples(["presence,load"]),
        "google.protobuf.BoolValue" => of(Type::Boolean),
        "google.protobuf.StringValue" => of(Type::String),
        "google.protobuf.BytesValue" => of(Type::String).content_encoding("base64"),
        "google.protobuf.FloatValue" | "google.protobuf.DoubleValue" => of(Type::Number),
        "google.protobuf.Int32Value" => of(Type::Integer),
        "google.protobuf.UInt32Value" => of(Type::Integer).minimum(Some(0_u32)),
        "google.protobuf.Int64Value" | "google.protobuf.UInt64Value" => {
            of(Type::String).pattern(Some("^-?[0-9]+$"))
        }
        "google.protobuf.Struct" | "google.protobuf.Any" | "google.protobuf.Empty" => {
            of(Type::Object)
        }
        "google.protobuf.Value" => of(Type::Object).schema_type(SchemaType::AnyValue),
        "google.protobuf.ListValue" => of(Type::Array),
        _ => return None,
    };
    Some(schema.into())
}

/// What errors look like.
fn fault() -> RefOr<Schema> {
    let text = |description: &str| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
    };
    let detail = ObjectBuilder::new()
        .property(
            "@type",
            text("The message's type, such as type.googleapis.com/google.rpc.BadRequest."),
        )
        .required("@type")
        .additional_properties(Some(AdditionalProperties::FreeForm(true)));
    ObjectBuilder::new()
        .description(Some("Why a call failed."))
        .property(
            "code",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .description(Some("The code of gRPC, such as 3."))
                .minimum(Some(1))
                .maximum(Some(16)),
        )
        .property("status", text("Its name, such as INVALID_ARGUMENT."))
        .property("message", text("What is wrong and what to do about it."))
        .property(
            "details",
            ArrayBuilder::new().items(detail).description(Some(
                "More for programs: google.rpc.BadRequest has the violations field by field.",
            )),
        )
        .required("code")
        .required("status")
        .required("message")
        .required("details")
        .into()
}
