/// One field of a form: what was entered, and why it was refused. A password's value is never put back.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// What stands in the field.
    pub value: String,
    /// What to do about it, a sentence such as "That name is taken. Choose another.".
    pub error: Option<String>,
}

impl Field {
    /// A field that is fine as it is.
    pub fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// A field whose value was refused.
    pub fn refused(value: impl Into<String>, error: impl Into<String>) -> Self {
        Self { value: value.into(), error: Some(error.into()) }
    }
}
