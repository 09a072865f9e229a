//! Decodes OBUs to a picture.

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

/// Why a picture couldn't be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Truncated, corrupt, or without a shown frame.
    #[error("damaged AV1 picture")]
    Damaged,
    /// Valid, but of an unsupported kind.
    #[error("unsupported AV1 picture")]
    Unsupported,
    /// The size differs from the expected one.
    #[error("the size of the AV1 picture differs from its container")]
    Size,
    /// Not enough memory.
    #[error("not enough memory for the AV1 picture")]
    Memory,
}

/// Decodes pictures of one size on the calling thread.
pub struct Decoder {
    context: Dav1dContext,
    width: u32,
    height: u32,
}

impl Decoder {
    /// A decoder for pictures of this size. A picture that claims to be larger is refused before memory is
    /// allocated.
    pub fn new(width: u32, height: u32) -> Result<Self, Error> {
        let pixels = width.checked_mul(height).filter(|&pixels| pixels > 0).ok_or(Error::Size)?;
        let mut settings = MaybeUninit::<Dav1dSettings>::uninit();
        // SAFETY: the pointer is valid for writes of the settings, which are written completely.
        let mut settings = unsafe {
            dav1d_default_settings(NonNull::from(&mut settings).cast());
            settings.assume_init()
        };
        settings.n_threads = 1;
        settings.max_frame_delay = 1;
        settings.apply_grain = 1;
        // Of a layered picture, decode the finest layer.
        settings.all_layers = 0;
        settings.frame_size_limit = pixels;
        // SAFETY: without a callback, its argument is never used.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut context = None;
        // SAFETY: both pointers are valid for the call; the settings are not used afterwards.
        let opened =
            unsafe { dav1d_open(Some(NonNull::from(&mut context)), Some(NonNull::from(&mut settings))) };
        check(opened)?;
        Ok(Self { context: context.ok_or(Error::Memory)?, width, height })
    }

    /// Decodes the first shown picture of these OBUs.
    ///
    /// Aborts the process if the picture's content is corrupt, see the crate's documentation.
    pub fn decode(&mut self, obus: &[u8]) -> Result<Picture<'_>, Error> {
        // SAFETY: the context is open. This drops its state from earlier pictures.
        unsafe { dav1d_flush(self.context) };
        let mut data = Data::copied(obus)?;
        // SAFETY: the context is open, and `dav1d_data_create` made the data.
        check(unsafe { dav1d_send_data(Some(self.context), Some(NonNull::from(&mut data.0))) })?;
        let mut raw = Dav1dPicture::default();
        // SAFETY: the context is open. The picture is overwritten and holds no reference yet.
        let got = unsafe { dav1d_get_picture(Some(self.context), Some(NonNull::from(&mut raw))) };
        // The result must be released in any case.
        let picture = Picture::of(raw);
        check(got)?;
        if picture.size() == Some((self.width, self.height)) { Ok(picture) } else { Err(Error::Size) }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let mut context = Some(self.context);
        // SAFETY: the context is open and isn't used again. Pictures borrow from `self`, so none is left.
        unsafe { dav1d_close(Some(NonNull::from(&mut context))) };
    }
}

/// Memory that rav1d owns.
struct Data(Dav1dData);

impl Data {
    fn copied(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::Damaged);
        }
        let mut data = Dav1dData::default();
        // SAFETY: the pointer is valid for a value of its type, which holds no reference yet.
        let start = unsafe { dav1d_data_create(Some(NonNull::from(&mut data)), bytes.len()) };
        let data = Self(data);
        let start = NonNull::new(start).ok_or(Error::Memory)?;
        // SAFETY: rav1d just allocated this many bytes at that address, and nothing else refers to them.
        unsafe { start.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(data)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // SAFETY: `dav1d_data_create` made the value; if the decoder took the data, it is empty.
        unsafe { dav1d_data_unref(Some(NonNull::from(&mut self.0))) };
    }
}

/// dav1d returns negative errno values.
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
