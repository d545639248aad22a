//! Attachments (附件): taken in whole or, by [`upload`], in several pieces, handed out so that a browser saves them and runs nothing.
//! What kinds are taken, and that a file is what its name says, is [`store::attachment`]'s to judge.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use calendar::Words;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use store::attachment::{Attachment, Partial, UploadError};
use tokio::io::AsyncReadExt as _;

use crate::House;
use crate::error::{WebError, created};
use crate::matter::value::size_words;
use crate::message::words;
use crate::session::{SignedIn, escaped};

pub(crate) mod upload;

/// The addresses of files.
pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/attachments", post(take))
        .route("/attachments/uploads", post(begin))
        .route("/attachments/uploads/{upload}", get(look).patch(append).delete(remove))
        .route("/attachments/{sha256}", get(hand_out))
        .route("/attachments/{sha256}/preview", get(preview))
        .layer(DefaultBodyLimit::disable())
}

/// Bytes at the beginning of a picture that tell it is one.
const HEAD_BYTES: usize = 16;
/// Bytes read from the disk at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a file is not taken, in words for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotTaken(pub(crate) Words);

impl NotTaken {
    /// The file's fault in words; what broke on our side is no fault of the file.
    fn of(error: UploadError) -> Result<Self, WebError> {
        if let Some(words) = upload::own_words(&error) {
            return Ok(Self(words));
        }
        Ok(Self(match error {
            UploadError::TooLarge { most_bytes } => {
                filled("attachment.too-big", "max", &size_words(most_bytes))
            }
            UploadError::Empty => words("attachment.empty"),
            UploadError::Kind { media_type } => filled("attachment.kind", "found", &media_type),
            UploadError::Name => words("attachment.name"),
            UploadError::Store(error) => return Err(error.into()),
            UploadError::Gone
            | UploadError::Offset { .. }
            | UploadError::Overrun { .. }
            | UploadError::Digest
            | UploadError::TooMany => words("error.bad-detail"),
        }))
    }
}

/// The words of a key with one place filled, in both languages.
fn filled(key: &str, name: &str, value: &str) -> Words {
    let Words { zh, en } = words(key);
    let place = format!("{{{name}}}");
    Words { zh: zh.replace(&place, value), en: en.replace(&place, value) }
}

/// Takes a file in, piece by piece. One that is not taken leaves nothing behind.
pub(crate) async fn receive(
    house: &House,
    who: &SignedIn,
    name: &str,
    pieces: impl Stream<Item = Result<Bytes, WebError>> + Send,
) -> Result<Result<Attachment, NotTaken>, WebError> {
    let mut upload = match house.store.attachment_begin(&who.scope, name).await {
        Ok(upload) => upload,
        Err(error) => return NotTaken::of(error).map(Err),
    };
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.try_next().await? {
        if let Err(error) = upload.write(&piece).await {
            return NotTaken::of(error).map(Err);
        }
    }
    match upload.finish().await {
        Ok(attachment) => Ok(Ok(attachment)),
        Err(error) => NotTaken::of(error).map(Err),
    }
}

/// What a script is told of a file that was taken.
#[derive(Debug, Serialize)]
struct Taken {
    /// What a form sends to name it.
    attachment_id: String,
    sha256: String,
    size: u64,
    name: String,
}

/// `POST /attachments`: the bytes as they are, the name in `X-File-Name`, percent-encoded.
async fn take(
    State(house): State<House>,
    who: SignedIn,
    request: Request,
) -> Result<Response, WebError> {
    let name = request
        .headers()
        .get("x-file-name")
        .and_then(|name| name.to_str().ok())
        .map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned())
        .unwrap_or_default();
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let most_bytes = house.settings.upload_bytes_max;
    // Told before hours of sending.
    if length.is_some_and(|length| length > most_bytes) {
        return Err(refuse(NotTaken::of(UploadError::TooLarge { most_bytes })?));
    }
    let pieces = request.into_body().into_data_stream();
    let pieces = pieces.map_err(|_| WebError::bad("error.bad-detail"));
    match receive(&house, &who, &name, pieces).await? {
        Ok(attachment) => {
            let taken = Taken {
                attachment_id: attachment.raw(),
                sha256: attachment.sha256,
                size: attachment.size_bytes,
                name: attachment.name,
            };
            let json = serde_json::to_string(&taken).map_err(WebError::internal)?;
            Ok(created(([(header::CONTENT_TYPE, "application/json")], json)))
        }
        Err(fault) => Err(refuse(fault)),
    }
}

/// What a script is told of a file on its way.
#[derive(Debug, Serialize)]
struct OnItsWay<'a> {
    offset: u64,
    size: u64,
    name: &'a str,
    /// What a form sends to name it, once it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
}

fn on_its_way(partial: &Partial) -> Result<Response, WebError> {
    let whole = partial.attachment.as_ref();
    let shown = OnItsWay {
        offset: partial.offset_bytes,
        size: partial.size_bytes,
        name: &partial.name,
        attachment_id: whole.map(Attachment::raw),
        sha256: whole.map(|file| file.sha256.as_str()),
    };
    let json = serde_json::to_string(&shown).map_err(WebError::internal)?;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok(upload::told(partial, (kind, json).into_response()))
}

/// `POST /attachments/uploads`: begins a file that comes in pieces; says its address.
async fn begin(
    State(house): State<House>,
    who: SignedIn,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let partial = upload::begin(&house, &who.scope, &headers).await?;
    let address = format!("/attachments/uploads/{}", partial.id);
    Ok(upload::located(&address, created(on_its_way(&partial)?)))
}

/// `GET` and `HEAD /attachments/uploads/{upload}`: how far it has come.
async fn look(
    State(house): State<House>,
    who: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    on_its_way(&upload::look(&house, &who.scope, &headers, &id).await?)
}

/// `PATCH /attachments/uploads/{upload}`: the next piece.
async fn append(
    State(house): State<House>,
    who: SignedIn,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, WebError> {
    let (parts, body) = request.into_parts();
    let partial = upload::append(&house, &who.scope, &parts.headers, &id, body).await?;
    Ok(upload::taken(&partial))
}

/// `DELETE /attachments/uploads/{upload}`: it is wanted no more.
async fn remove(
    State(house): State<House>,
    who: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    upload::remove(&house, &who.scope, &headers, &id).await
}

fn refuse(NotTaken(words): NotTaken) -> WebError {
    WebError::Bad(words)
}

/// Nothing in a file that is handed out may run, whoever opens it how.
pub(crate) const SANDBOX: &str = "default-src 'none'; sandbox";
const SECURITY_POLICY: HeaderName = header::CONTENT_SECURITY_POLICY;

/// `GET /attachments/{sha256}`: to be saved, never to be shown.
async fn hand_out(
    State(house): State<House>,
    who: SignedIn,
    Path(sha256): Path<String>,
) -> Result<Response, WebError> {
    let (attachment, file) = open(&house, &who, &sha256).await?;
    Ok(saved(&attachment, file))
}

/// A file to be saved.
pub(crate) fn saved(attachment: &Attachment, file: tokio::fs::File) -> Response {
    let headers = [
        (header::CONTENT_TYPE, attachment.media_type.clone()),
        (header::CONTENT_LENGTH, attachment.size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, disposition(&attachment.name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (SECURITY_POLICY, SANDBOX.to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    (headers, stream(file)).into_response()
}

/// `GET /attachments/{sha256}/preview`: a picture, if its bytes are one.
async fn preview(
    State(house): State<House>,
    who: SignedIn,
    Path(sha256): Path<String>,
) -> Result<Response, WebError> {
    let (attachment, mut file) = open(&house, &who, &sha256).await?;
    let mut head = vec![0; HEAD_BYTES];
    let mut read = 0;
    while read < HEAD_BYTES {
        let Some(rest) = head.get_mut(read..) else { break };
        match file.read(rest).await.map_err(WebError::internal)? {
            0 => break,
            more => read += more,
        }
    }
    head.truncate(read);
    let media_type = picture(&head).ok_or(WebError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_LENGTH, attachment.size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, "inline".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (SECURITY_POLICY, SANDBOX.to_owned()),
        (header::CACHE_CONTROL, "private, max-age=300".to_owned()),
    ];
    let head = futures_util::stream::once(std::future::ready(Ok(Bytes::from(head))));
    Ok((headers, Body::from_stream(head.chain(pieces(file)))).into_response())
}

async fn open(
    house: &House,
    who: &SignedIn,
    sha256: &str,
) -> Result<(Attachment, tokio::fs::File), WebError> {
    let is_hash = sha256.len() == 64
        && sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !is_hash {
        return Err(WebError::NotFound);
    }
    house.store.attachment_open(&who.scope, sha256).await?.ok_or(WebError::NotFound)
}

/// The type of a picture every browser shows, by its own bytes whatever its name says.
fn picture(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if head.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// The bytes of a file, read as they are sent.
pub(crate) fn stream(file: tokio::fs::File) -> Body {
    Body::from_stream(pieces(file))
}

fn pieces(file: tokio::fs::File) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE_BYTES];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })
}

/// The name as RFC 6266 writes it, with a plain one for old programs.
pub(crate) fn disposition(name: &str) -> String {
    let plain: String =
        name.chars()
            .map(|one| {
                if one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_') {
                    one
                } else {
                    '_'
                }
            })
            .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", escaped(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_shown() {
        assert_eq!(picture(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(picture(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(picture(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b"<svg onload='x'>"[..], b"GIF89a", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE", b""] {
            assert_eq!(picture(other), None);
        }
    }

    #[test]
    fn a_name_in_a_header_is_harmless() {
        assert_eq!(
            disposition("回 \"1\".pdf"),
            "attachment; filename=\"___1_.pdf\"; filename*=UTF-8''%E5%9B%9E%20%221%22.pdf"
        );
    }
}
