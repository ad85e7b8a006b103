//! Many clients at once, while a net trains.

use crate::served::{Place, Served, truth};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CLIENTS: usize = 20;

/// Twenty clients answer and look for `DEEPAL_LOAD` seconds [default: 2]. Every answer is there afterwards.
#[test]
fn twenty_clients_at_once() {
    let place = Place::new(240);
    let served = place.serve();
    let seconds = std::env::var("DEEPAL_LOAD").ok().and_then(|text| text.parse().ok()).unwrap_or(2.0);
    let items = served.get("/api/find?words=photo&n=500")["items"].as_array().unwrap().clone();
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let work = |client: usize| {
        let mine = items.iter().skip(client).step_by(CLIENTS).collect::<Vec<_>>();
        let (mut times, mut trained) = ([(); 3].map(|()| Vec::new()), 0_u64);
        for n in 0.. {
            if Instant::now() > end {
                break;
            }
            let (item, id) = (mine[n % mine.len()], mine[n % mine.len()]["id"].as_str().unwrap());
            let mut time = |at: usize, act: &dyn Fn() -> Value| {
                let begun = Instant::now();
                let value = act();
                times[at].push(begun.elapsed().as_secs_f64() * 1000.0);
                value
            };
            let body = json!({
                "key": format!("key-{client}-{n}-of-load"), "items": [item["item"]], "action": "label", "class": truth(id),
            });
            time(0, &|| served.post("/api/answer", &body));
            let next = time(1, &|| served.get("/api/next"));
            trained += u64::from(next["state"]["training"]["is_running"] == true);
            let path = format!("/media/{}", item["item"].as_str().unwrap());
            time(2, &|| served.try_get(&path).1);
        }
        (times, trained)
    };
    let results = std::thread::scope(|scope| {
        let threads = (0..CLIENTS).map(|client| scope.spawn(move || work(client))).collect::<Vec<_>>();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let trained = results.iter().map(|(_, trained)| trained).sum::<u64>();
    for (at, name) in ["answer", "next", "media"].into_iter().enumerate() {
        let mut times = results.iter().flat_map(|(times, _)| times[at].clone()).collect::<Vec<_>>();
        times.sort_by(f64::total_cmp);
        let share = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let (p50, p95, p99) = (share(0.5), share(0.95), share(0.99));
        println!("{name}: {} in {seconds} s, p50 {p50:.1} p95 {p95:.1} p99 {p99:.1} ms", times.len());
        if name == "answer" {
            println!("a net trained during {trained} of them");
        }
    }
    check(&served, results.iter().map(|(times, _)| times[0].len()).sum());
}

/// Each request was one event, and each sample has its class.
fn check(served: &Served, n: usize) {
    let export = served.get("/api/export?format=csv");
    let lines = export.as_str().unwrap().lines().skip(1).collect::<Vec<_>>();
    for line in &lines {
        let cells = line.split(',').collect::<Vec<_>>();
        let (id, class) = (cells[0], cells[1]);
        assert_eq!(class, crate::served::CLASSES[truth(id)], "{id}");
    }
    let mut undone = 0;
    while !served.post("/api/undo", &json!({}))["undone"].as_array().unwrap().is_empty() {
        undone += 1;
        if undone == 50 {
            break;
        }
    }
    assert!(n >= 50 && undone == 50, "{n} answers");
    assert!(!lines.is_empty());
}
