//! Answers on published customers that are read before anybody asks.

use std::sync::Arc;
use std::time::Duration;

use lapwing_models::lifecycle::AlertSettings;

use super::desk::{AT, Service};
use super::get;
use crate::http::Desk;
use crate::http::routes::customers::write;

/// The answer that lies ready for a customer.
fn ready(service: &Service, customer_id: &str) -> Option<Vec<u8>> {
    service.state.desk().unwrap().shelf.find(customer_id).0.map(|answer| answer.to_vec())
}

#[tokio::test]
async fn whoever_is_published_is_ready_before_anybody_asks_and_what_is_gone_is_not() {
    let service = Service::new();
    let desk = service.state.desk().unwrap();
    desk.read_ahead(write).await.unwrap();
    let ids: Vec<String> = (0..2_500).map(|number| format!("c{number}")).collect();
    let risky = |id: &String, number: usize| (id.clone(), 0.1 + number as f64 * 1e-4);
    let rows: Vec<(String, f64)> = ids.iter().enumerate().map(|(number, id)| risky(id, number)).collect();
    let rows: Vec<(&str, f64)> = rows.iter().map(|(id, risk)| (&**id, *risk)).collect();
    service.publish("one", &rows);
    assert_eq!(ready(&service, "c7"), None);

    desk.read_ahead(write).await.unwrap();
    assert!(ids.iter().all(|id| ready(&service, id).is_some()));
    let (kept, asked) = (ready(&service, "c7").unwrap(), get(&service.state, "/v1/customers/c7").await);
    assert_eq!(String::from_utf8(kept).unwrap(), asked.text);

    service.store.forget("c7", AT).unwrap();
    service.publish_at("two", AT, &[("c1", 0.5), ("c7", 0.9)]);
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!((ready(&service, "c1"), ready(&service, "c9")), (None, None));
    desk.read_ahead(write).await.unwrap();
    assert!(ready(&service, "c1").is_some());
    assert_eq!((ready(&service, "c7"), ready(&service, "c9")), (None, None));
}

#[tokio::test]
async fn whoever_has_the_most_at_stake_is_ready_where_there_is_little_room() {
    let service = Service::new();
    service.publish("one", &[("low", 0.1), ("high", 0.7), ("middle", 0.4)]);
    let probe = get(&service.state, "/v1/customers/high").await.text.len();
    let store = service.store.within(Duration::from_mins(1));
    let desk = Arc::new(Desk::new(store, None, AlertSettings::default()).caching(2 * (probe + 200)));
    desk.read_ahead(write).await.unwrap();
    let is_ready = |id: &str| desk.shelf.find(id).0.is_some();
    assert!(is_ready("high") && is_ready("middle") && !is_ready("low"));
}
