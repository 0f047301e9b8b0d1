//! Lots that are drawn once alerts are open.

use std::collections::BTreeMap;

use lapwing_models::lifecycle::Input;

use super::*;

#[test]
fn open_alerts_get_the_lot_of_their_campaign_and_those_without_are_counted() {
    for place in places() {
        let store = place.open();
        let of = |id: &str, campaign, held_out| Row { held_out, campaign, ..Row::new(id, 0.9) };
        let ids = ["held", "treated", "moved", "contacted", "gone", "idle"];
        let rows = |campaign: Option<&'static str>| ids.map(|id| of(id, campaign.filter(|_| id != "idle"), None));
        let first = publish(&store, "one", days(0), &rows(Some("winback"))).unwrap();
        assert_eq!((first.opened, first.drawn, first.without_lot), (6, 0, 0), "nobody draws lots here");
        let all = || store.alerts(&AlertFilter { limit: 10, ..AlertFilter::default() }, days(1), &SETTINGS).unwrap().alerts;
        let contacted = all().into_iter().find(|alert| alert.customer_id == "contacted").unwrap().alert_id;
        let contact = News { input: Input::Contact(days(0)), token: "call".to_owned(), actor: "crm".to_owned(), reason: None };
        store.take(&contacted, &[contact], days(1), &SETTINGS).unwrap();
        let second = publish(&store, "two", days(1), &rows(Some("winback"))).unwrap();
        assert_eq!((second.drawn, second.without_lot), (0, 0), "nor here");
        let drawn = [
            of("held", Some("winback"), Some(true)),
            of("treated", Some("winback"), Some(false)),
            of("moved", Some("reengage"), Some(true)),
            of("contacted", Some("winback"), Some(true)),
            of("idle", Some("winback"), Some(true)),
            of("new", Some("winback"), Some(true)),
        ];
        let third = publish(&store, "three", days(2), &drawn).unwrap();
        assert_eq!((third.opened, third.drawn, third.without_lot), (1, 2, 2), "`moved` and `gone` have none");
        let lots: BTreeMap<String, Option<bool>> = all().into_iter().map(|alert| (alert.customer_id, alert.held_out)).collect();
        let expected = [
            ("held", Some(true)),
            ("treated", Some(false)),
            ("moved", None),
            ("contacted", None),
            ("gone", None),
            ("idle", None),
            ("new", Some(true)),
        ];
        assert_eq!(lots, expected.map(|(id, lot)| (id.to_owned(), lot)).into());
        // A lot that was drawn stays.
        let other = publish(&store, "four", days(2), &[of("held", Some("winback"), Some(false))]).unwrap();
        assert_eq!(other.drawn, 0);
        assert!(all().iter().any(|alert| alert.customer_id == "held" && alert.held_out == Some(true)));
    }
}
