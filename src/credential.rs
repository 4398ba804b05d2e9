//! Opens an account's token, for commands that ask Meta on its behalf.

use anyhow::{Context, Result, bail};
use cekbrand_graph::Credential;
use cekbrand_workers::token;
use cekbrand_workers::token::seal::{Column, TokenKeys};
use sqlx::PgPool;

use crate::config::Config;
use crate::store::accounts;

/// An account's own token.
pub(crate) async fn open(config: &Config, pool: &PgPool, id: &str) -> Result<Credential> {
    let keys = TokenKeys::parse(&config.given("token_key")?.into())?;
    let mut connection = pool.acquire().await.context("the token cannot be read")?;
    let token = token::store::read(&mut connection, id).await.context("the token cannot be read")?;
    let Some(token) = token else {
        bail!("{id} has no token: give one with `cekbrand account token {id}`");
    };
    let plain = keys.open(id, Column::Token, &token.sealed)?;
    Ok(Credential { token: plain, flavour: token.flavour })
}

/// The token that subscribes webhooks: the page's where there is one, else the account's own.
pub(crate) async fn open_for_webhooks(config: &Config, pool: &PgPool, id: &str) -> Result<Credential> {
    let own = open(config, pool, id).await?;
    let Some(sealed) = accounts::page_token(pool, id).await.context("the token cannot be read")? else {
        return Ok(own);
    };
    let keys = TokenKeys::parse(&config.given("token_key")?.into())?;
    Ok(Credential { token: keys.open(id, Column::TokenSecret, &sealed)?, ..own })
}
