//! Which level each route takes: a route that is not in here fails.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use super::Run;
use crate::admin::{AdminSettings, Level, ROUTES, Rate};
use crate::tests::Setup;

const LEVELS: [(&str, &str, Option<Level>); 26] = [
    ("GET", "/healthz", None),
    ("GET", "/metrics", Some(Level::Read)),
    ("GET", "/v1/status", Some(Level::Read)),
    ("GET", "/v1/plans", Some(Level::Read)),
    ("POST", "/v1/plans", Some(Level::Deploy)),
    ("GET", "/v1/plans/{generation}", Some(Level::Read)),
    ("GET", "/v1/diff", Some(Level::Read)),
    ("POST", "/v1/rollback", Some(Level::Deploy)),
    ("PUT", "/v1/components", Some(Level::Deploy)),
    ("GET", "/v1/components/{digest}", Some(Level::Read)),
    ("PUT", "/v1/states", Some(Level::Deploy)),
    ("GET", "/v1/states/{digest}", Some(Level::Read)),
    ("POST", "/v1/gc", Some(Level::Administer)),
    ("POST", "/v1/memory/ls", Some(Level::Deploy)),
    ("POST", "/v1/memory/get", Some(Level::Administer)),
    ("POST", "/v1/memory/scan", Some(Level::Administer)),
    ("POST", "/v1/memory/changes", Some(Level::Administer)),
    ("POST", "/v1/memory/check", Some(Level::Administer)),
    ("POST", "/v1/memory/put", Some(Level::Administer)),
    ("POST", "/v1/memory/add", Some(Level::Administer)),
    ("POST", "/v1/memory/append", Some(Level::Administer)),
    ("POST", "/v1/memory/delete", Some(Level::Administer)),
    ("POST", "/v1/memory/backup", Some(Level::Administer)),
    ("POST", "/v1/memory/nearest", Some(Level::Administer)),
    ("POST", "/v1/memory/forget", Some(Level::Administer)),
    ("PUT", "/v1/memory/blobs/{namespace}", Some(Level::Administer)),
];

#[test]
fn every_route_has_the_level_that_is_meant() {
    let routes: Vec<_> = ROUTES.iter().map(|route| (route.method.as_str(), route.path, route.level)).collect();
    assert_eq!(routes, LEVELS);
    let changing = |route: &&crate::admin::Route| !matches!(route.method.as_str(), "GET" | "HEAD");
    for route in ROUTES.iter().filter(changing) {
        assert!(route.level >= Some(Level::Deploy), "{} {} changes something", route.method, route.path);
    }
}

#[tokio::test]
async fn nobody_gets_further_than_their_token() {
    let many = Rate { burst: 1_000, per_s: 1_000 };
    let settings = AdminSettings { failures: many, ..AdminSettings::default() };
    let run = Run::with(Setup::default(), settings).await;
    let own = |level: Level| Some(format!("Bearer {}", run.tokens[&level]));
    let read = run.tokens[&Level::Read].clone();
    let tokens = [
        (None, None),
        (Some(String::new()), None),
        (Some("Bearer ".to_owned()), None),
        (Some("Bearer greenroom_0".to_owned()), None),
        (Some(format!("Basic {read}")), None),
        (Some(format!("Bearer {}", read.to_uppercase())), None),
        (Some(format!("Bearer {}", "x".repeat(5_000))), None),
        (own(Level::Read), Some(Level::Read)),
        (own(Level::Deploy), Some(Level::Deploy)),
        (own(Level::Administer), Some(Level::Administer)),
        (Some(format!("bearer  {read} ")), Some(Level::Read)),
    ];
    for (method, path, needed) in LEVELS {
        for (said, level) in &tokens {
            let path = path.replace("{generation}", "1").replace("{digest}", "sha256:0");
            let request = Request::builder().method(method).uri(&path);
            let request = said.iter().fold(request, |request, said| request.header(header::AUTHORIZATION, said));
            let answer = run.send(request.body(Body::empty()).unwrap()).await;
            let case = format!("{method} {path} as {level:?} ({said:?}): {}", answer.body);
            match needed {
                Some(_) if level.is_none() => {
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
                    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
                }
                Some(needed) if *level < Some(needed) => {
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{case}");
                    let message = answer.body["error"]["message"].as_str().unwrap();
                    assert!(message.ends_with(&format!("this needs `{needed}`")), "{case}");
                }
                _ => assert!(!matches!(answer.status.as_u16(), 401 | 403 | 429), "{case}"),
            }
        }
    }
    assert_eq!(run.generation(), 1);
}

#[tokio::test]
async fn whoever_calls_too_often_is_told_when_to_come_again() {
    let settings = AdminSettings {
        rate: Rate { burst: 3, per_s: 1 },
        failures: Rate { burst: 2, per_s: 1 },
        ..AdminSettings::default()
    };
    let run = Run::with(Setup::default(), settings).await;
    for expected in [401, 401, 429, 429] {
        let answer = run.send(Request::get("/v1/plans").body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), expected, "{}", answer.body);
        assert_eq!(answer.headers.contains_key(header::RETRY_AFTER), expected == 429);
    }
    for expected in [200, 200, 200, 429] {
        assert_eq!(
            run.get("/v1/plans").await.status.as_u16(),
            expected,
            "those with a token are not held up by others"
        );
    }
    assert_eq!(run.get("/healthz").await.status, StatusCode::OK, "it takes no token");
    let lines = run.denied();
    assert_eq!(lines.len(), 1, "what comes too often does not fill the log: {lines:?}");
    assert_eq!(lines[0]["times"], 2);
}
