//! Lists in parts: nothing is left out or shown twice, and the ends are where they are said to be.

use domain::ids::UserId;
use domain::plan::Plan;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::Origin;
use tests::client::Client;
use tests::library;
use tests::world::World;

/// An account's five videos, the oldest first. The second and the fourth are ready.
async fn five(name: &str) -> (Client, Vec<String>) {
    let world = World::get();
    let client = world.client(name, Plan::Pro).await;
    let (store, owner) = (world.store().await, UserId(format!("user_{name}")));
    let mut ids = vec![];
    for number in 0..5 {
        let origin = Origin::Url { url: "https://example.com/a.mp4".to_owned() };
        let id = match number % 2 {
            1 => library::ready(&store, &owner, origin).await,
            _ => library::made(&store, &owner, origin, Timestamp::now()).await.id,
        };
        ids.push(id.to_string());
    }
    (client, ids)
}

/// Ids of a list's rows.
fn ids<'a>(rows: &'a Value, name: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_library_has_pages_and_a_total() {
    let (client, made) = five("pager").await;
    let list = async |query: &str| client.session(Method::GET, &format!("/videos?{query}"), None).await;
    let page = async |query: &str| {
        let answer = list(query).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
        answer.body
    };
    let pages: [&[usize]; 4] = [&[4, 3], &[2, 1], &[0], &[]];
    for (number, expected) in (1..).zip(pages) {
        let shown = page(&format!("limit=2&page={number}")).await;
        let expected: Vec<&str> = expected.iter().map(|n| made[*n].as_str()).collect();
        assert_eq!(ids(&shown["items"], "id"), expected, "{shown}");
        let (total, place) = (&shown["total"], (&shown["page"], &shown["limit"]));
        assert_eq!((total, place), (&json!(5), (&json!(number), &json!(2))), "{shown}");
    }
    let whole = page("").await;
    assert_eq!((whole["items"].as_array().unwrap().len(), &whole["limit"]), (5, &json!(20)), "{whole}");
    assert_eq!(page("limit=100&page=4294967295").await["items"], json!([]));

    for (number, expected) in [(1, made[3].as_str()), (2, &made[1])] {
        let ready = page(&format!("status=ready&limit=1&page={number}")).await;
        assert_eq!((ids(&ready["items"], "id"), &ready["total"]), (vec![expected], &json!(2)), "{ready}");
    }
    assert_eq!(page("status=queued").await["total"], 3);
    assert_eq!(page("status=failed").await, json!({ "items": [], "total": 0, "page": 1, "limit": 20 }));
    for bad in ["page=0", "page=-1", "page=x", "limit=0", "limit=101", "limit=x", "status=x", "status=READY"]
    {
        let answer = list(bad).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}: {}", answer.body);
        let name = bad.split('=').next().unwrap();
        assert!(answer.body["detail"].as_str().unwrap().contains(name), "{bad}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_cursor_leads_through_all_jobs_and_ends() {
    let (client, made) = five("cursorer").await;
    let list = async |query: &str| client.api(Method::GET, &format!("/v1/api/jobs?{query}"), None).await;
    // Follows the cursors from the start; answers what each page showed.
    let follow = async |query: &str| {
        let (mut pages, mut cursor) = (vec![], String::new());
        loop {
            let answer = list(&format!("{query}{cursor}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{query}{cursor}: {}", answer.body);
            let shown = ids(&answer.body["data"], "jobId").into_iter();
            pages.push(shown.map(|id| made.iter().position(|made| made == id).unwrap()).collect::<Vec<_>>());
            match &answer.body["nextCursor"] {
                Value::Null => return pages,
                next => cursor = format!("&cursor={}", next.as_str().unwrap()),
            }
            assert!(pages.len() < 10, "it leads in circles: {pages:?}");
        }
    };
    assert_eq!(follow("limit=2").await, [vec![4, 3], vec![2, 1], vec![0]]);
    // The last page is known to be the last, also when it is full.
    assert_eq!(follow("limit=5").await, [vec![4, 3, 2, 1, 0]]);
    assert_eq!(follow("limit=1").await, [[4], [3], [2], [1], [0]]);
    assert_eq!(follow("limit=100").await.len(), 1);
    assert_eq!(follow("status=COMPLETED&limit=1").await, [[3], [1]]);
    assert_eq!(follow("status=PENDING_FETCH&limit=2").await, [vec![4, 2], vec![0]]);
    assert_eq!(follow("status=FAILED").await, [[]; 1] as [[usize; 0]; 1]);
    for bad in ["limit=0", "limit=101", "limit=x", "status=x", "status=completed"] {
        let answer = list(bad).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}: {}", answer.body);
        let name = bad.split('=').next().unwrap();
        assert!(answer.body["error"].as_str().unwrap().contains(name), "{bad}: {}", answer.body);
    }
}
