//! What a file is, told from its bytes: its first, where kinds have their mark, and its last, where an
//! archive lists what is in it. Its name must say the same. Nothing is ever unpacked.

use super::UploadError;

/// Bytes at the beginning of a file that tell its type.
pub(super) const SNIFFED_BYTES: usize = 512;
/// Bytes at the end of a file that tell what is in an archive.
pub(super) const TAIL_BYTES: usize = 64 * 1024;

/// The last bytes of what has come so far.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        // Cut now and then, not at every piece.
        if self.0.len() > 2 * TAIL_BYTES {
            self.0.drain(..self.0.len() - TAIL_BYTES);
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.get(self.0.len().saturating_sub(TAIL_BYTES)..).unwrap_or_default()
    }
}

/// What a file is by its first bytes, and whether its name says the same.
pub(super) fn media_type(name: &str, beginning: &[u8]) -> Result<&'static str, UploadError> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let refuse = |media_type: &str| Err(UploadError::Kind { media_type: media_type.to_owned() });
    for kind in KINDS {
        if kind
            .marks
            .iter()
            .all(|(at, mark)| beginning.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
        {
            let fits = kind.endings.iter().find(|(known, _)| *known == ending);
            return match fits {
                Some((_, media_type)) => Ok(media_type),
                None => refuse(kind.media_type),
            };
        }
    }
    let text = !beginning.contains(&0)
        && match std::str::from_utf8(beginning) {
            Ok(_) => true,
            // A character may be cut at the end of what was looked at.
            Err(error) => error.error_len().is_none(),
        };
    match ending.as_str() {
        "txt" if text => Ok("text/plain; charset=utf-8"),
        "csv" if text => Ok("text/csv; charset=utf-8"),
        // Tables of Chinese offices are often in GB 18030.
        "csv" | "txt" if !beginning.contains(&0) => Ok("text/plain"),
        _ => refuse("application/octet-stream"),
    }
}

/// Whether an archive that is said to be a document lists what such a document has, and no programs.
pub(super) fn is_what_it_says(media_type: &str, tail: &[u8]) -> Result<(), UploadError> {
    let lists = |name: &str| tail.windows(name.len()).any(|window| window == name.as_bytes());
    let part = PARTS.iter().find(|(known, _)| *known == media_type).map(|(_, part)| *part);
    let is_other = part.is_some_and(|part| !lists(part));
    let runs = part.is_some() && lists("vbaProject.bin");
    if is_other || runs {
        let found = if runs { "application/vnd.ms-office.vbaProject" } else { "application/zip" };
        return Err(UploadError::Kind { media_type: found.to_owned() });
    }
    Ok(())
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const OFD: &str = "application/ofd";

/// What an archive must list to be a document of its kind.
const PARTS: [(&str, &str); 4] = [(DOCX, "word/"), (XLSX, "xl/"), (PPTX, "ppt/"), (OFD, "OFD.xml")];

struct Kind {
    /// Where which bytes stand.
    marks: &'static [(usize, &'static [u8])],
    media_type: &'static str,
    /// The endings that go with it, and what each says more closely.
    endings: &'static [(&'static str, &'static str)],
}

const fn kind(
    marks: &'static [(usize, &'static [u8])],
    media_type: &'static str,
    endings: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { marks, media_type, endings }
}

const KINDS: [Kind; 23] = [
    kind(&[(0, b"%PDF-")], "application/pdf", &[("pdf", "application/pdf")]),
    kind(&[(0, b"\xFF\xD8\xFF")], "image/jpeg", &[("jpg", "image/jpeg"), ("jpeg", "image/jpeg")]),
    kind(&[(0, b"\x89PNG\r\n\x1A\n")], "image/png", &[("png", "image/png")]),
    kind(&[(0, b"GIF87a")], "image/gif", &[("gif", "image/gif")]),
    kind(&[(0, b"GIF89a")], "image/gif", &[("gif", "image/gif")]),
    kind(&[(0, b"RIFF"), (8, b"WEBP")], "image/webp", &[("webp", "image/webp")]),
    kind(&[(0, b"RIFF"), (8, b"WAVE")], "audio/wav", &[("wav", "audio/wav")]),
    kind(&[(0, b"RIFF"), (8, b"AVI ")], "video/x-msvideo", &[("avi", "video/x-msvideo")]),
    kind(&[(0, b"BM")], "image/bmp", &[("bmp", "image/bmp")]),
    kind(&[(0, b"II*\0")], "image/tiff", &[("tif", "image/tiff"), ("tiff", "image/tiff")]),
    kind(&[(0, b"MM\0*")], "image/tiff", &[("tif", "image/tiff"), ("tiff", "image/tiff")]),
    kind(&[(4, b"ftyphei")], "image/heic", &[("heic", "image/heic"), ("heif", "image/heic")]),
    kind(&[(4, b"ftypmif1")], "image/heic", &[("heic", "image/heic"), ("heif", "image/heic")]),
    kind(
        &[(4, b"ftyp")],
        "video/mp4",
        &[
            ("mp4", "video/mp4"),
            ("m4v", "video/mp4"),
            ("mov", "video/quicktime"),
            ("m4a", "audio/mp4"),
        ],
    ),
    kind(&[(0, b"ID3")], "audio/mpeg", &[("mp3", "audio/mpeg")]),
    kind(&[(0, b"\xFF\xFB")], "audio/mpeg", &[("mp3", "audio/mpeg")]),
    kind(&[(0, b"\xFF\xF3")], "audio/mpeg", &[("mp3", "audio/mpeg")]),
    kind(&[(0, b"#!AMR")], "audio/amr", &[("amr", "audio/amr")]),
    kind(
        &[(0, b"PK\x03\x04")],
        "application/zip",
        &[
            ("zip", "application/zip"),
            ("docx", DOCX),
            ("xlsx", XLSX),
            ("pptx", PPTX),
            ("ofd", OFD),
            ("wps", "application/vnd.ms-works"),
        ],
    ),
    kind(
        &[(0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")],
        "application/x-ole-storage",
        &[
            ("doc", "application/msword"),
            ("xls", "application/vnd.ms-excel"),
            ("ppt", "application/vnd.ms-powerpoint"),
            ("wps", "application/vnd.ms-works"),
            ("et", "application/vnd.ms-excel"),
        ],
    ),
    kind(
        &[(0, b"7z\xBC\xAF\x27\x1C")],
        "application/x-7z-compressed",
        &[("7z", "application/x-7z-compressed")],
    ),
    kind(&[(0, b"Rar!\x1A\x07")], "application/vnd.rar", &[("rar", "application/vnd.rar")]),
    kind(&[(0, b"MZ")], "application/vnd.microsoft.portable-executable", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_what_its_name_says_is_refused() {
        assert_eq!(media_type("a.PDF", b"%PDF-1.7").unwrap(), "application/pdf");
        assert!(media_type("a.pdf", b"<html>").is_err());
        assert!(media_type("a.jpg", b"%PDF-1.7").is_err());
        assert!(media_type("a.exe", b"MZ\x90\x00").is_err());
        assert!(media_type("a.txt", b"MZ programs are no texts").is_err());
        assert!(media_type("a.html", b"<html>").is_err());
        assert!(media_type("a.svg", b"<svg onload='x'>").is_err());
        assert!(media_type("a.webp", b"RIFF\0\0\0\0WAVE").is_err());
        assert_eq!(media_type("a.wav", b"RIFF\0\0\0\0WAVE").unwrap(), "audio/wav");
        assert_eq!(media_type("a.heic", b"\0\0\0\x18ftypheic").unwrap(), "image/heic");
        assert!(media_type("a.mp4", b"\0\0\0\x18ftypheic").is_err());
        assert_eq!(
            media_type("表.csv", "名称,日期".as_bytes()).unwrap(),
            "text/csv; charset=utf-8"
        );
        assert_eq!(media_type("表.csv", b"\xC3\xFB\xB3\xC6,1").unwrap(), "text/plain");
    }

    #[test]
    fn an_archive_is_a_document_only_when_it_lists_one() {
        assert!(is_what_it_says(DOCX, b"..[Content_Types].xml..word/document.xml..").is_ok());
        assert!(is_what_it_says(DOCX, b"..payload.exe..").is_err());
        assert!(is_what_it_says(XLSX, b"..xl/workbook.xml..xl/vbaProject.bin..").is_err());
        assert!(is_what_it_says("application/zip", b"..anything..").is_ok());
        assert!(is_what_it_says("application/pdf", b"").is_ok());
    }

    #[test]
    fn the_tail_is_the_end_of_everything() {
        let mut tail = Tail::default();
        let all: Vec<u8> = (0..300_000_u32).map(|n| n.to_be_bytes()[3]).collect();
        for piece in all.chunks(7_001) {
            tail.push(piece);
        }
        assert_eq!(tail.bytes(), &all[all.len() - TAIL_BYTES..]);
    }
}
