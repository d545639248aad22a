//! What came with a form: fields, and files where no script had sent them before.

use axum::extract::{FromRequest as _, Multipart, Request, multipart::MultipartError};
use axum::http::header;
use futures_util::TryStreamExt as _;
use procedure::FieldError;

use super::field::{FIELD, UPLOAD};
use crate::House;
use crate::attachment::{NotTaken, receive};
use crate::error::WebError;
use crate::fields::{FORM_BYTES_MAX, Fields};
use crate::session::SignedIn;

/// What came with a form.
pub(super) struct Sent {
    pub(super) fields: Fields,
    /// Files that were not taken, each told at its field.
    pub(super) faults: Vec<FieldError>,
}

/// Most files one form may bring.
const FILES_MAX: usize = 20;
/// Most parts of a form, files and fields.
const PARTS_MAX: usize = 2_000;

/// Reads a form with or without files; files are stored on the way and named in its fields.
pub(super) async fn read(
    house: &House,
    who: &SignedIn,
    request: Request,
) -> Result<Sent, WebError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let has_files = kind
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"));
    if !has_files {
        let fields = Fields::from_request(request, house).await?;
        return Ok(Sent { fields, faults: Vec::new() });
    }
    let broken = |_: MultipartError| WebError::bad("error.bad-detail");
    let mut form = Multipart::from_request(request, house)
        .await
        .map_err(|_| WebError::bad("error.bad-detail"))?;
    let (mut pairs, mut faults) = (Vec::new(), Vec::new());
    let (mut bytes, mut files, mut parts) = (0_usize, 0_usize, 0_usize);
    while let Some(mut part) = form.next_field().await.map_err(broken)? {
        parts += 1;
        if parts > PARTS_MAX {
            return Err(WebError::TooLarge);
        }
        let name = part.name().unwrap_or_default().to_owned();
        if let Some(field) = name.strip_prefix(UPLOAD) {
            let file = part.file_name().unwrap_or_default().to_owned();
            // A file input left alone sends an empty part without a name.
            if file.is_empty() {
                continue;
            }
            files += 1;
            if files > FILES_MAX {
                return Err(WebError::TooLarge);
            }
            match receive(house, who, &file, part.map_err(broken)).await? {
                Ok(attachment) => pairs.push((format!("{FIELD}{field}"), attachment.raw())),
                Err(why) => faults.push(fault(field, &file, why)),
            }
        } else {
            let mut text = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(broken)? {
                bytes += chunk.len();
                if bytes > FORM_BYTES_MAX {
                    return Err(WebError::TooLarge);
                }
                text.extend_from_slice(&chunk);
            }
            pairs.push((name, String::from_utf8_lossy(&text).into_owned()));
        }
    }
    Ok(Sent { fields: Fields::of(pairs), faults })
}

fn fault(field: &str, file: &str, NotTaken(mut words): NotTaken) -> FieldError {
    words.zh = format!("“{file}”：{}", words.zh);
    words.en = format!("“{file}”: {}", words.en);
    FieldError { field: field.to_owned(), words }
}
