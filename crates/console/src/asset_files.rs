//! `/assets/{name}`.

use crate::{assets::find_asset, errors::Fault, visit::Answer};
use actix_web::{HttpRequest, HttpResponse, http::header, web::Path};

/// Serves a built-in file; a browser that has it is told so.
pub(crate) async fn serve(request: HttpRequest, name: Path<String>) -> Answer {
    let asset = find_asset(&name).ok_or_else(|| Fault::not_found("file"))?;
    let etag = asset.etag();
    let known = request.headers().get(header::IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response.insert_header((header::CACHE_CONTROL, "public, max-age=3600"));
    response.insert_header((header::ETAG, etag));
    Ok(response.content_type(asset.content_type).body(asset.bytes))
}
