//! The appliance's pages: for operators only, and for nobody else are they there.

use super::{
    client::Client,
    site::{Site, email},
};
use platform::{Caller, operator};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_operators_find_the_appliance() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let walk = move || {
        let mut nobody = Client::new(&site);
        assert_eq!(nobody.get("/appliance").location(), "/sign-in?next=%2Fappliance");
        let mut owner = Client::signed_in(&site, "owner");
        assert_eq!(owner.get("/appliance").status, 404);
        assert!(!owner.get("/promises").body.contains("/appliance"));
        let mut operator = Client::signed_in(&site, "viewer");
        assert!(operator.get("/promises").body.contains("href=\"/appliance\""));
        let page = operator.get("/appliance");
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Records of organizations are not among it."));
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
