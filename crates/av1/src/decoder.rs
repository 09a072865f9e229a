//! The way from OBUs to a picture.

use std::{ffi::c_int, mem::MaybeUninit, ptr::NonNull};

use rav1d::{
    Dav1dResult,
    include::dav1d::{
        data::Dav1dData,
        dav1d::{Dav1dContext, Dav1dLogger, Dav1dSettings},
        picture::Dav1dPicture,
    },
    src::lib::{
        dav1d_close, dav1d_data_create, dav1d_data_unref, dav1d_default_settings, dav1d_flush,
        dav1d_get_picture, dav1d_open, dav1d_send_data,
    },
};

use crate::Picture;

/// Why there is no picture.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Cut off, corrupt, or without a picture that is shown.
    #[error("an AV1 picture is damaged")]
    Damaged,
    /// By the rules, but of a kind that isn't decoded.
    #[error("an AV1 picture is of a kind that isn't decoded")]
    Unsupported,
    /// Not of the size that was expected.
    #[error("an AV1 picture is of another size than its file says")]
    Size,
    /// There wasn't enough.
    #[error("an AV1 picture takes too much memory")]
    Memory,
}

/// Decodes pictures of one size, on the calling thread alone.
pub struct Decoder {
    context: Dav1dContext,
    width: u32,
    height: u32,
}

impl Decoder {
    /// For pictures of that size. Where one says to be larger, no memory is taken for it.
    pub fn new(width: u32, height: u32) -> Result<Self, Error> {
        let pixels = width.checked_mul(height).filter(|&pixels| pixels > 0).ok_or(Error::Size)?;
        let mut settings = MaybeUninit::<Dav1dSettings>::uninit();
        // SAFETY: the pointer is to memory for settings, which are written whole.
        let mut settings = unsafe {
            dav1d_default_settings(NonNull::from(&mut settings).cast());
            settings.assume_init()
        };
        settings.n_threads = 1;
        settings.max_frame_delay = 1;
        settings.apply_grain = 1;
        // Of a picture in layers, the finest one.
        settings.all_layers = 0;
        settings.frame_size_limit = pixels;
        // SAFETY: without a function to call, there is nothing that it could be called with.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut context = None;
        // SAFETY: both pointers are to values of their types that outlive the call; the settings are not used again.
        let opened =
            unsafe { dav1d_open(Some(NonNull::from(&mut context)), Some(NonNull::from(&mut settings))) };
        check(opened)?;
        Ok(Self { context: context.ok_or(Error::Memory)?, width, height })
    }

    /// Decodes the first picture that those OBUs show.
    ///
    /// Aborts the process where the content of that picture is broken, see the crate's documentation.
    pub fn decode(&mut self, obus: &[u8]) -> Result<Picture<'_>, Error> {
        // SAFETY: the context is open. What it remembers of pictures before is let go.
        unsafe { dav1d_flush(self.context) };
        let mut data = Data::copied(obus)?;
        // SAFETY: the context is open, and the data were made by dav1d_data_create.
        check(unsafe { dav1d_send_data(Some(self.context), Some(NonNull::from(&mut data.0))) })?;
        let mut raw = Dav1dPicture::default();
        // SAFETY: the context is open; the picture is overwritten, and has nothing yet that would have to be let go.
        let got = unsafe { dav1d_get_picture(Some(self.context), Some(NonNull::from(&mut raw))) };
        // What was returned is let go in any case.
        let picture = Picture::of(raw);
        check(got)?;
        if picture.size() == Some((self.width, self.height)) { Ok(picture) } else { Err(Error::Size) }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let mut context = Some(self.context);
        // SAFETY: the context is open and isn't used again. Pictures, which borrow from this, are gone.
        unsafe { dav1d_close(Some(NonNull::from(&mut context))) };
    }
}

/// Bytes that belong to rav1d.
struct Data(Dav1dData);

impl Data {
    fn copied(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::Damaged);
        }
        let mut data = Dav1dData::default();
        // SAFETY: the pointer is to a value of its type, which has nothing yet that would have to be let go.
        let start = unsafe { dav1d_data_create(Some(NonNull::from(&mut data)), bytes.len()) };
        let data = Self(data);
        let start = NonNull::new(start).ok_or(Error::Memory)?;
        // SAFETY: as many bytes were allocated at that address, just now, and nobody else knows it.
        unsafe { start.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(data)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // SAFETY: what is there was made by dav1d_data_create; what was taken out has left nothing.
        unsafe { dav1d_data_unref(Some(NonNull::from(&mut self.0))) };
    }
}

/// dav1d's results are negative error numbers of the C library.
fn check(Dav1dResult(code): Dav1dResult) -> Result<(), Error> {
    const NO_MEMORY: c_int = -12;
    const OUT_OF_RANGE: c_int = -34;
    const NO_SUCH_OPTION: c_int = -92;
    match code {
        0 => Ok(()),
        NO_MEMORY => Err(Error::Memory),
        OUT_OF_RANGE => Err(Error::Size),
        NO_SUCH_OPTION => Err(Error::Unsupported),
        _ => Err(Error::Damaged),
    }
}
