//! The table `overview`: how each account was when it was looked at last.

use super::History;
use crate::store::error::StoreError;
use crate::store::records::Overview;

impl History {
    pub(in crate::store::sqlite) async fn save_overview(
        &self,
        overview: &Overview,
    ) -> Result<(), StoreError> {
        let words = serde_json::to_string(overview).map_err(|_| self.file.damaged("an overview"))?;
        let done = sqlx::query("INSERT OR REPLACE INTO overview (name, at, words) VALUES (?, ?, ?)")
            .bind(&overview.account)
            .bind(overview.at.as_millisecond())
            .bind(words)
            .execute(self.file.writer()?)
            .await;
        done.map(drop).map_err(self.file.failed())
    }

    pub(in crate::store::sqlite) async fn overviews(&self) -> Result<Vec<Overview>, StoreError> {
        let rows =
            sqlx::query_scalar("SELECT words FROM overview ORDER BY name").fetch_all(self.file.readers());
        let rows: Vec<String> = rows.await.map_err(self.file.failed())?;
        let read =
            |words: &String| serde_json::from_str(words).map_err(|_| self.file.damaged("how an account was"));
        rows.iter().map(read).collect()
    }

    pub(in crate::store::sqlite) async fn forget_overview(&self, account: &str) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM overview WHERE name = ?").bind(account);
        done.execute(self.file.writer()?).await.map(drop).map_err(self.file.failed())
    }
}
