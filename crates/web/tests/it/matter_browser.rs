//! A browser without a screen and without JavaScript, signed in as somebody of a world.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use procedure::definition::RoleName;
use tower::ServiceExt as _;

use crate::world::World;

/// A browser of one person.
pub struct Browser {
    app: Router,
    cookies: Vec<(String, String)>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn html(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The value of the first hidden input of that name.
    pub fn hidden(&self, name: &str) -> String {
        let html = self.html();
        let begin = format!("type=\"hidden\" name=\"{name}\" value=\"");
        let (_, rest) = html.split_once(&begin).unwrap_or_else(|| panic!("no {name} in {html}"));
        unescaped(rest.split_once('"').unwrap().0)
    }
}

/// Text as it stands before it is written into a page.
pub fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&lt;", "<")
        .replace("&#62;", ">")
        .replace("&gt;", ">")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

impl Browser {
    /// Somebody who has signed in.
    pub async fn of(world: &World, code: &str, role: RoleName) -> Self {
        let mut browser = Self { app: web::router(world.house.clone()), cookies: Vec::new() };
        let page = browser.get("/sign-in").await;
        let csrf = page.hidden("csrf");
        let login = &world.person(code, role).login_name;
        let answer = browser.post("/demo/sign-in", &[("csrf", &csrf), ("user", login)]).await;
        assert_eq!(answer.status, 303, "{}", answer.html());
        browser
    }

    /// Somebody who has not signed in.
    pub fn new(world: &World) -> Self {
        Self { app: web::router(world.house.clone()), cookies: Vec::new() }
    }

    /// Somebody who has a session.
    pub fn with_session(world: &World, token: &str) -> Self {
        let cookie = (web::session::SESSION_COOKIE.to_owned(), token.to_owned());
        Self { app: web::router(world.house.clone()), cookies: vec![cookie] }
    }

    /// Somebody who has signed in by that name.
    pub async fn named(world: &World, login: &str) -> Self {
        let mut browser = Self::new(world);
        let csrf = browser.get("/sign-in").await.hidden("csrf");
        let answer = browser.post("/demo/sign-in", &[("csrf", &csrf), ("user", login)]).await;
        assert_eq!(answer.status, 303, "{}", answer.html());
        browser
    }

    /// The token of the forms of this browser.
    pub async fn csrf(&mut self) -> String {
        let page = self.get("/account").await;
        if page.status == 200 {
            page.hidden("csrf")
        } else {
            self.get("/sign-in").await.hidden("csrf")
        }
    }

    /// Sends a form with its token before the other fields.
    pub async fn send_form(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post(address, &all).await
    }

    pub async fn get(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, &[], Body::empty()).await
    }

    /// Sends a form.
    pub async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, address, &kind, Body::from(body)).await
    }

    /// Sends a form with files: name of the input, name of the file, bytes.
    pub async fn post_files(
        &mut self,
        address: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(
                format!(
                    "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .bytes(),
            );
        }
        for (name, file, bytes) in files {
            body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--b--\r\n");
        let kind = [("content-type", "multipart/form-data; boundary=b")];
        self.send(Method::POST, address, &kind, Body::from(body)).await
    }

    pub async fn send(
        &mut self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let response = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let (cookie, _) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Opens a form and sends it with these fields, as a person without JavaScript would.
    pub async fn fill(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(address).await;
        assert_eq!(page.status, 200, "{address}: {}", page.html());
        self.fill_again(&page, address, fields).await
    }

    /// Sends the form of a page that is open already.
    pub async fn fill_again(
        &mut self,
        page: &Answer,
        address: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let (csrf, key, version) =
            (page.hidden("csrf"), page.hidden("key"), page.hidden("version"));
        let mut all: Vec<(&str, &str)> =
            vec![("csrf", &csrf), ("key", &key), ("version", &version)];
        all.extend(fields);
        self.post(address, &all).await
    }
}
