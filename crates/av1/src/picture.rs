//! What was decoded, in rav1d's own memory.

use std::{ffi::c_int, fmt, marker::PhantomData, ptr::NonNull, slice};

use rav1d::{
    include::dav1d::{
        headers::{DAV1D_PIXEL_LAYOUT_I420, DAV1D_PIXEL_LAYOUT_I422, DAV1D_PIXEL_LAYOUT_I444},
        picture::Dav1dPicture,
    },
    src::lib::dav1d_picture_unref,
};

use crate::Decoder;

/// How many samples of chroma there are for those of luma.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chroma {
    /// None: the picture is grey.
    None,
    /// A quarter, 4:2:0: half as many in a row, and half as many rows.
    Quarter,
    /// Half, 4:2:2: half as many in a row.
    Half,
    /// As many, 4:4:4.
    Full,
}

impl Chroma {
    /// Whether there are half as many in a row, and half as many rows.
    pub fn halves(self) -> (bool, bool) {
        (matches!(self, Self::Quarter | Self::Half), self == Self::Quarter)
    }
}

/// What samples mean, in the numbers of ITU-T H.273.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Colours {
    /// Which red, green and blue.
    pub primaries: u8,
    /// The curve from light to samples.
    pub transfer: u8,
    /// The way from red, green and blue to luma and chroma.
    pub matrix: u8,
    /// Whether samples use the whole range of numbers; else black is 16 of 255, and white 235.
    pub full_range: bool,
}

/// A row of a plane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Samples<'a> {
    /// Of a picture with 8 bits.
    Bytes(&'a [u8]),
    /// Of one with more.
    Words(&'a [u16]),
}

/// A picture in up to three planes: luma, Cb, Cr.
pub struct Picture<'a> {
    raw: Dav1dPicture,
    /// Until it is gone, nothing else is decoded into its memory.
    decoder: PhantomData<&'a mut Decoder>,
}

impl Picture<'_> {
    /// Takes over what dav1d_get_picture has written, which may be no picture.
    pub(crate) fn of(raw: Dav1dPicture) -> Self {
        Self { raw, decoder: PhantomData }
    }

    /// Width and height, where there is a picture.
    pub(crate) fn size(&self) -> Option<(u32, u32)> {
        self.raw.data[0]?;
        Some((positive(self.raw.p.w)?, positive(self.raw.p.h)?))
    }

    /// Which planes there are.
    pub fn chroma(&self) -> Chroma {
        match self.raw.p.layout {
            DAV1D_PIXEL_LAYOUT_I420 => Chroma::Quarter,
            DAV1D_PIXEL_LAYOUT_I422 => Chroma::Half,
            DAV1D_PIXEL_LAYOUT_I444 => Chroma::Full,
            _ => Chroma::None,
        }
    }

    /// Bits of a sample: 8, 10 or 12.
    pub fn depth(&self) -> u8 {
        self.raw.p.bpc.try_into().unwrap_or(0)
    }

    /// What samples mean, as the picture itself says.
    pub fn colours(&self) -> Colours {
        let code = |number: u32| u8::try_from(number).unwrap_or(2);
        // SAFETY: the header is kept by the picture as long as that isn't let go, and nobody writes to it.
        let header = self.raw.seq_hdr.map(|header| unsafe { header.as_ref() });
        header.map_or(Colours { primaries: 2, transfer: 2, matrix: 2, full_range: false }, |header| Colours {
            primaries: code(header.pri),
            transfer: code(header.trc),
            matrix: code(header.mtrx),
            full_range: header.color_range != 0,
        })
    }

    /// Columns and rows of a plane: 0 for luma, 1 and 2 for chroma. Zeros where there is no such plane.
    pub fn plane_size(&self, plane: usize) -> (usize, usize) {
        let Some((width, height)) = self.size() else { return (0, 0) };
        let half = |side: u32, is_half: bool| if is_half { side.div_ceil(2) } else { side } as usize;
        match (plane, self.chroma()) {
            (0, _) => (width as usize, height as usize),
            (1 | 2, chroma) if chroma != Chroma::None => {
                let (columns, rows) = chroma.halves();
                (half(width, columns), half(height, rows))
            }
            _ => (0, 0),
        }
    }

    /// A row of a plane, as many samples as [`Self::plane_size`] says. None where there is no such row.
    pub fn row(&self, plane: usize, y: usize) -> Option<Samples<'_>> {
        let (width, height) = self.plane_size(plane);
        if y >= height {
            return None;
        }
        let start = self.raw.data.get(plane).copied().flatten()?.cast::<u8>();
        let stride = usize::try_from(self.raw.stride[plane.min(1)]).ok()?;
        let bytes = if self.depth() == 8 { width } else { width.checked_mul(2)? };
        if bytes > stride {
            return None;
        }
        // SAFETY: a plane has at least `height` rows of `stride` bytes, of which this is the one at `y`, below `height`.
        let row = unsafe { start.add(y * stride) };
        if self.depth() == 8 {
            // SAFETY: `width` bytes of a row are there and were written by the decoder, which the borrow of it keeps from
            // writing any more.
            return Some(Samples::Bytes(unsafe { slice::from_raw_parts(row.as_ptr(), width) }));
        }
        let row = row.cast::<u16>();
        if !row.is_aligned() {
            return None;
        }
        // SAFETY: the same, for `width` samples of two bytes each, which no more than fill the row.
        Some(Samples::Words(unsafe { slice::from_raw_parts(row.as_ptr(), width) }))
    }
}

impl Drop for Picture<'_> {
    fn drop(&mut self) {
        // SAFETY: it was written by dav1d_get_picture, and rows of it, which borrow from this, are gone.
        unsafe { dav1d_picture_unref(Some(NonNull::from(&mut self.raw))) };
    }
}

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("size", &self.size())
            .field("chroma", &self.chroma())
            .field("depth", &self.depth())
            .finish_non_exhaustive()
    }
}

fn positive(number: c_int) -> Option<u32> {
    u32::try_from(number).ok().filter(|&number| number > 0)
}
