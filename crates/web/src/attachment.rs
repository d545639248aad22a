//! Attachments (附件): taken in whole or, by [`upload`], in several pieces, handed out so that a browser saves them and runs nothing.
//! What kinds are taken, and that a file is what its name says, is [`store::attachment`]'s to judge.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use calendar::Words;
use futures_util::{Stream, TryStreamExt as _};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use store::attachment::{Attachment, AttachmentFile, Partial, UploadError, is_hash};
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
            UploadError::Infected => words("attachment.infected"),
            UploadError::NotScanned => words("attachment.not-scanned"),
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
    house.store.attachment_note(&who.scope, &sha256).await?;
    Ok(saved(&attachment, file))
}

/// A file to be saved.
pub(crate) fn saved(attachment: &Attachment, file: AttachmentFile) -> Response {
    let headers = [
        (header::CONTENT_TYPE, attachment.media_type.clone()),
        (header::CONTENT_LENGTH, attachment.size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, disposition(&attachment.name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (SECURITY_POLICY, SANDBOX.to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    (headers, Body::from_stream(clear(file))).into_response()
}

/// `GET /attachments/{sha256}/preview`: a small picture made anew from the pixels, without anything else
/// that the file says.
async fn preview(
    State(house): State<House>,
    who: SignedIn,
    Path(sha256): Path<String>,
) -> Result<Response, WebError> {
    if !is_hash(&sha256) {
        return Err(WebError::NotFound);
    }
    let jpeg = house.store.attachment_preview(&who.scope, &sha256).await?;
    let jpeg = jpeg.ok_or(WebError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (SECURITY_POLICY, SANDBOX),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, jpeg).into_response())
}

async fn open(
    house: &House,
    who: &SignedIn,
    sha256: &str,
) -> Result<(Attachment, AttachmentFile), WebError> {
    if !is_hash(sha256) {
        return Err(WebError::NotFound);
    }
    house.store.attachment_open(&who.scope, sha256).await?.ok_or(WebError::NotFound)
}

/// The bytes of a file, read as they are sent.
pub(crate) fn stream(file: tokio::fs::File) -> Body {
    Body::from_stream(pieces(file))
}

/// The bytes of an attachment in the clear, opened as they are sent.
fn clear(file: AttachmentFile) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    futures_util::stream::try_unfold(file, |mut file| async move {
        Ok(file.next_piece().await?.map(|piece| (Bytes::from(piece), file)))
    })
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
    fn a_name_in_a_header_is_harmless() {
        assert_eq!(
            disposition("回 \"1\".pdf"),
            "attachment; filename=\"___1_.pdf\"; filename*=UTF-8''%E5%9B%9E%20%221%22.pdf"
        );
    }
}
