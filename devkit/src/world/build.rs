//! Builds the world: who the accounts are, what they published and when.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

use cekbrand_schema::{AccountId, MediaId};
use jiff::SignedDuration;

use super::{Account, Medium, Place, Product, World, WorldConfig};
use crate::seeded::{Seeded, mix};
use crate::words;

const FIRST_ACCOUNT_ID: u64 = 17_841_400_000_000_000;
const FIRST_MEDIA_ID: u64 = 17_900_000_000_000_000;
const SHORTCODE_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl World {
    /// Builds the world of a configuration.
    pub fn new(config: WorldConfig) -> Self {
        let mut world = Self {
            config,
            accounts: Vec::new(),
            media: Vec::new(),
            by_id: HashMap::new(),
            by_username: HashMap::new(),
        };
        for index in 0..world.config.accounts + world.config.outsiders {
            add_account(&mut world, index);
        }
        world
    }
}

fn add_account(world: &mut World, index: usize) {
    let watched = index < world.config.accounts;
    let mut draw = Seeded::of(&[world.config.seed, 1, index as u64]);
    let (username, name, biography) = identity(index, watched);
    // Sizes differ by orders of magnitude; the last watched one is too small for some figures.
    let last = watched && index > 0 && index + 1 == world.config.accounts;
    let followers = if last {
        draw.between(12, 30)
    } else {
        [1_000, 10_000, 100_000, 1_000_000][index % 4] * draw.between(1, 9)
    };
    let account = Account {
        index,
        id: AccountId::from((FIRST_ACCOUNT_ID + index as u64 * 7_919 + 41).to_string()),
        ig_id: 4_000_000_000 + draw.below(900_000_000),
        username,
        name,
        biography,
        watched,
        followers,
        follows: draw.between(10, 900),
        media: Vec::new(),
    };
    world.by_id.insert(account.id.to_string(), Place::Account(index));
    world.by_username.insert(account.username.clone(), index);
    world.accounts.push(account);
    add_history(world, index, &mut draw);
    if watched {
        add_stories(world, index, &mut draw);
        add_live_and_ad(world, index, &mut draw);
    }
    let World { accounts, media, .. } = world;
    accounts[index].media.sort_by_key(|place| (std::cmp::Reverse(media[*place].published), *place));
}

fn identity(index: usize, watched: bool) -> (String, String, String) {
    if !watched {
        return (format!("tetangga{index}.demo"), format!("Tetangga {index}"), "Bukan akun kami".to_owned());
    }
    let (username, name, biography) = words::BRANDS[index % words::BRANDS.len()];
    let round = index / words::BRANDS.len();
    let username = if round == 0 { username.to_owned() } else { format!("{username}.{round}") };
    (username, name.to_owned(), biography.to_owned())
}

/// About one post or reel a day over the history.
fn add_history(world: &mut World, account: usize, draw: &mut Seeded) {
    for day in 0..world.config.days {
        if !draw.chance(700) {
            continue;
        }
        let age = SignedDuration::from_hours(24 * i64::from(day)) + seconds(draw.between(3_600, 80_000));
        let (product, media_type) = match draw.below(10) {
            0..=4 => (Product::Feed, "IMAGE"),
            5 | 6 => (Product::Feed, "CAROUSEL_ALBUM"),
            _ => (Product::Reels, "VIDEO"),
        };
        let place = add_medium(world, account, product, media_type, age, draw);
        if media_type == "CAROUSEL_ALBUM" {
            for _ in 0..draw.between(2, 4) {
                let child = add_medium(world, account, Product::Feed, "IMAGE", age, draw);
                let medium = &mut world.media[child];
                (medium.parent, medium.caption, medium.past_comments) = (Some(place), None, 0);
                world.media[place].children.push(child);
                world.accounts[account].media.pop();
            }
        }
    }
}

/// Stories that have expired, the latest about an hour ago, and three that still live.
fn add_stories(world: &mut World, account: usize, draw: &mut Seeded) {
    let expired = i64::from(world.config.expired_stories);
    let step = (i64::from(world.config.days) * 86_400 - 90_000) / expired.max(1);
    for number in 0..expired {
        let age = SignedDuration::from_secs(90_000 + number * step.max(1));
        add_medium(world, account, Product::Story, "IMAGE", age, draw);
    }
    for hours in [1, 8, 20] {
        let age = SignedDuration::from_hours(hours) + seconds(draw.below(3_000));
        add_medium(world, account, Product::Story, if hours == 8 { "VIDEO" } else { "IMAGE" }, age, draw);
    }
}

fn add_live_and_ad(world: &mut World, account: usize, draw: &mut Seeded) {
    add_medium(world, account, Product::Live, "BROADCAST", SignedDuration::from_mins(10), draw);
    let original = world.accounts[account]
        .media
        .iter()
        .copied()
        .find(|place| world.media[*place].product == Product::Feed);
    let place = add_medium(world, account, Product::Ad, "IMAGE", SignedDuration::from_hours(50), draw);
    world.media[place].original = original;
}

fn add_medium(
    world: &mut World,
    account: usize,
    product: Product,
    media_type: &'static str,
    age: SignedDuration,
    draw: &mut Seeded,
) -> usize {
    let index = world.media.len();
    let followers = world.accounts[account].followers;
    let audience =
        (followers * draw.between(5, 60) / 100 + draw.below(4)) * if draw.chance(40) { 9 } else { 1 };
    let commented = matches!(product, Product::Feed | Product::Reels);
    let medium = Medium {
        index,
        id: MediaId::from((FIRST_MEDIA_ID + index as u64 * 1_009 + 7).to_string()),
        account,
        product,
        media_type,
        published: world.config.anchor.checked_sub(age).unwrap_or(world.config.anchor),
        caption: words::caption(draw).filter(|_| product != Product::Live),
        shortcode: shortcode(mix(&[world.config.seed, 2, index as u64])),
        likes_hidden: draw.chance(30),
        audience,
        past_comments: if commented { draw.below(audience / 20 + 30).min(400) } else { 0 },
        children: Vec::new(),
        parent: None,
        original: None,
        arrived: AtomicU64::new(0),
    };
    world.by_id.insert(medium.id.to_string(), Place::Medium(index));
    world.media.push(medium);
    world.accounts[account].media.push(index);
    index
}

fn seconds(count: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(count).unwrap_or(0))
}

fn shortcode(mut bits: u64) -> String {
    let mut code = String::from("C");
    for _ in 0..10 {
        code.push(char::from(SHORTCODE_LETTERS[(bits & 63) as usize]));
        bits >>= 6;
    }
    code
}
