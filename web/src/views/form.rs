/// A form field with its entered value and its error. A password's value is never sent back.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// The entered value.
    pub value: String,
    /// The error, such as "That name is taken. Choose another.".
    pub error: Option<String>,
}

impl Field {
    /// A valid field.
    pub fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// A field whose value was refused.
    pub fn refused(value: impl Into<String>, error: impl Into<String>) -> Self {
        Self { value: value.into(), error: Some(error.into()) }
    }
}
