//! The comments of the `.proto` files, by what they stand before.

use std::collections::HashMap;

use prost_reflect::{
    DescriptorPool, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor,
    MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};

/// All comments; by file and by the path within it, which descriptors tell of themselves.
#[derive(Debug)]
pub(super) struct Comments(HashMap<(String, Vec<i32>), String>);

macro_rules! of {
    ($name:ident, $kind:ty) => {
        pub(super) fn $name(&self, what: &$kind) -> Option<String> {
            self.of(&what.parent_file(), what.path())
        }
    };
}

impl Comments {
    pub(super) fn read(pool: &DescriptorPool) -> Self {
        let mut found = HashMap::new();
        for file in pool.files() {
            let info = file.file_descriptor_proto().source_code_info.as_ref();
            for location in info.iter().flat_map(|info| &info.location) {
                if let Some(comment) = &location.leading_comments {
                    let place = (file.name().to_owned(), location.path.clone());
                    found.insert(place, paragraphs(comment));
                }
            }
        }
        Self(found)
    }

    of!(of_service, ServiceDescriptor);
    of!(of_method, MethodDescriptor);
    of!(of_message, MessageDescriptor);
    of!(of_enum, EnumDescriptor);

    pub(super) fn of_field(&self, field: &FieldDescriptor) -> Option<String> {
        self.of(&field.parent_message().parent_file(), field.path())
    }

    pub(super) fn of_value(&self, value: &EnumValueDescriptor) -> Option<String> {
        self.of(&value.parent_enum().parent_file(), value.path())
    }

    fn of(&self, file: &FileDescriptor, path: &[i32]) -> Option<String> {
        self.0
            .get(&(file.name().to_owned(), path.to_vec()))
            .cloned()
    }
}

/// The text of a comment: lines joined, paragraphs kept.
fn paragraphs(comment: &str) -> String {
    let lines: Vec<&str> = comment.lines().map(str::trim).collect();
    let paragraphs = lines
        .split(|line| line.is_empty())
        .map(|lines| lines.join(" "));
    let full: Vec<String> = paragraphs.filter(|text| !text.is_empty()).collect();
    full.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_paragraphs_kept() {
        assert_eq!(paragraphs(" one\n two\n\n\n three\n"), "one two\n\nthree");
        assert_eq!(paragraphs("\n"), "");
    }
}
