//! Attachments: a file sent as it is, handed out to be saved.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt as _;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Serialize;
use store::attachment::{Attachment, Partial, UploadError, is_hash};

use super::ROOT;
use super::body::{Faults, Json};
use super::caller::Caller;
use super::view::Instant;
use crate::House;
use crate::attachment::{saved, upload};
use crate::error::{WebError, created};
use crate::message::words;

/// The header with the file's name.
const NAME: &str = "x-file-name";

/// A file that was taken. A field of files takes it as it stands here.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AttachmentView {
    /// SHA-256 of its bytes, in hex: its address.
    sha256: String,
    /// Its size.
    size_bytes: u64,
    /// Its name.
    name: String,
    /// Its type, told from its bytes.
    media_type: String,
    /// When it was stored.
    stored_at: Instant,
}

impl AttachmentView {
    fn of(attachment: Attachment) -> Self {
        Self {
            sha256: attachment.sha256,
            size_bytes: attachment.size_bytes,
            name: attachment.name,
            media_type: attachment.media_type,
            stored_at: attachment.stored_at.into(),
        }
    }
}

/// A file that comes in several pieces.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct UploadView {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// How large it will be.
    size_bytes: u64,
    /// How much has come: where the next piece begins.
    offset_bytes: u64,
    /// When it is forgotten unless more comes.
    expires_at: Instant,
    /// What it has become, once it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<AttachmentView>,
}

fn view(partial: &Partial) -> UploadView {
    UploadView {
        id: partial.id.clone(),
        name: partial.name.clone(),
        size_bytes: partial.size_bytes,
        offset_bytes: partial.offset_bytes,
        expires_at: partial.expires_at.into(),
        attachment: partial.attachment.clone().map(AttachmentView::of),
    }
}

/// `POST /attachments/uploads`: begins a file that comes in pieces.
pub(super) async fn begin(
    State(house): State<House>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let partial = upload::begin(&house, &caller.scope, &headers).await?;
    let address = format!("{ROOT}/attachments/uploads/{}", partial.id);
    Ok(upload::located(&address, upload::told(&partial, created(Json(view(&partial))))))
}

/// `GET` and `HEAD /attachments/uploads/{upload}`.
pub(super) async fn look(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let partial = upload::look(&house, &caller.scope, &headers, &id).await?;
    Ok(upload::told(&partial, Json(view(&partial)).into_response()))
}

/// `PATCH /attachments/uploads/{upload}`.
pub(super) async fn append(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, WebError> {
    let (parts, body) = request.into_parts();
    let partial = upload::append(&house, &caller.scope, &parts.headers, &id, body).await?;
    let response = upload::taken(&partial);
    Ok(match &partial.attachment {
        Some(file) => upload::located(&format!("{ROOT}/attachments/{}", file.sha256), response),
        None => response,
    })
}

/// `DELETE /attachments/uploads/{upload}`.
pub(super) async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    upload::remove(&house, &caller.scope, &headers, &id).await
}

/// `POST /attachments`: the bytes as they are, the name in `X-File-Name`, percent-encoded.
pub(super) async fn take(
    State(house): State<House>,
    caller: Caller,
    request: Request,
) -> Result<Response, WebError> {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    // Parts of a form are not the bytes of a file.
    if kind.starts_with("multipart/") || kind.starts_with("application/x-www-form-urlencoded") {
        return Err(WebError::Media(words("api.media-bytes")));
    }
    let name = text(NAME).map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
    let length = text(header::CONTENT_LENGTH.as_str()).and_then(|text| text.parse::<u64>().ok());
    // Told before hours of sending.
    if length.is_some_and(|length| length > house.settings.upload_bytes_max) {
        return Err(WebError::TooLarge);
    }
    let mut upload = house
        .store
        .attachment_begin(&caller.scope, &name.unwrap_or_default())
        .await
        .map_err(not_taken)?;
    let mut pieces = request.into_body().into_data_stream();
    while let Some(piece) = pieces.try_next().await.map_err(|_| WebError::bad("api.body-broken"))? {
        upload.write(&piece).await.map_err(not_taken)?;
    }
    let view = AttachmentView::of(upload.finish().await.map_err(not_taken)?);
    let address = format!("{ROOT}/attachments/{}", view.sha256);
    let mut response = created(Json(view));
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

fn not_taken(error: UploadError) -> WebError {
    let mut faults = Faults::default();
    match error {
        UploadError::TooLarge { .. } => return WebError::TooLarge,
        UploadError::Kind { .. } => return WebError::Media(words("api.media-kind")),
        UploadError::Store(error) => return error.into(),
        UploadError::Empty => faults.tell("body", "api.file-empty", &[]),
        UploadError::Name => faults.tell(NAME, "api.file-name", &[]),
        UploadError::Infected => return WebError::Bad(words("attachment.infected")),
        UploadError::NotScanned => return WebError::Bad(words("attachment.not-scanned")),
        // Faults of files in several pieces, which do not come here.
        UploadError::Gone
        | UploadError::Offset { .. }
        | UploadError::Overrun { .. }
        | UploadError::Digest
        | UploadError::TooMany => {}
    }
    match faults.finish() {
        Err(error) => error,
        Ok(()) => WebError::bad("api.body-broken"),
    }
}

/// `GET /attachments/{sha256}`.
pub(super) async fn hand_out(
    State(house): State<House>,
    caller: Caller,
    Path(sha256): Path<String>,
) -> Result<Response, WebError> {
    if !is_hash(&sha256) {
        return Err(WebError::NotFound);
    }
    let found = house.store.attachment_open(&caller.scope, &sha256).await?;
    let (attachment, file) = found.ok_or(WebError::NotFound)?;
    house.store.attachment_note(&caller.scope, &sha256).await?;
    Ok(saved(&attachment, file).into_response())
}
