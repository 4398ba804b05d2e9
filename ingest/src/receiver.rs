//! What is done with a request: from its body to durable records.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Form, FromRequest, Request};
use bytes::Bytes;
use cekbrand_schema::{SharedClock, trace};
use secrecy::SecretString;
use serde::Deserialize;
use tracing::Instrument;

use crate::admission::Limit;
use crate::body::{self, BodyLimits, WholeBody};
use crate::problem::Problem;
use crate::publish::{Publisher, Unpublished};
use crate::record::{self, Record, Records};
use crate::settings::Settings;
use crate::signature::{Claim, SignatureError, Verifier};
use crate::signed_request::SignedRequest;
use crate::stats::{Accepted, Stats};

/// The largest form that a signed request may come in. Deliveries are not bounded by it.
const MAX_FORM_BYTES: usize = 65_536;

/// From this size on, a body is worth a thread of its own: it takes longer to read than a thread takes to
/// wake, and a flood of such bodies keeps all cores busy.
const LARGE_BODY_BYTES: usize = 16_384;

/// What handlers need, shared by all requests.
pub struct Receiver {
    /// Handshake token.
    pub verify_token: SecretString,
    /// Where the status of a data deletion can be seen.
    pub public_url: Option<String>,
    /// Counters.
    pub stats: Stats,
    verifier: Verifier,
    publisher: Arc<dyn Publisher>,
    /// Requests whose bodies have arrived. Whoever still sends one takes none away from others.
    requests: Arc<Limit>,
    deliveries: BodyLimits,
    forms: BodyLimits,
    clock: SharedClock,
}

/// A form as Meta posts it.
#[derive(Deserialize)]
struct SignedForm {
    signed_request: String,
}

/// A body that was verified and taken apart.
struct Read {
    taken: Records,
    secret_label: Arc<str>,
}

impl Receiver {
    /// A receiver in front of any publisher.
    pub fn new(settings: &Settings, publisher: Arc<dyn Publisher>, clock: SharedClock) -> Self {
        let deliveries = BodyLimits {
            max_bytes: settings.max_body_bytes,
            budget: Limit::new(settings.body_budget_bytes),
            timeout: settings.body_timeout,
        };
        Self {
            verify_token: settings.verify_token.clone(),
            public_url: settings.public_url.clone(),
            stats: Stats::new(settings.app_secrets.iter().map(|secret| secret.label.clone())),
            verifier: Verifier::new(&settings.app_secrets),
            publisher,
            requests: Limit::new(settings.max_requests),
            forms: BodyLimits {
                max_bytes: MAX_FORM_BYTES.min(settings.max_body_bytes),
                ..deliveries.clone()
            },
            deliveries,
            clock,
        }
    }

    /// Makes a delivery durable.
    ///
    /// # Errors
    ///
    /// [`Problem`] where it is not, or not to be believed.
    pub async fn deliver(self: &Arc<Self>, request: Request) -> Result<Accepted, Problem> {
        let (parts, body) = request.into_parts();
        let claim = Claim::read(&parts.headers)?;
        let WholeBody { bytes, share } = body::read(&self.deliveries, &parts.headers, body).await?;
        let _request = self.requests.share(1).ok_or(Problem::Overloaded)?;
        let size = bytes.len();
        let (read, _share) = if size < LARGE_BODY_BYTES {
            (self.read(claim, bytes), share)
        } else {
            let receiver = Arc::clone(self);
            // The share goes along: the bytes are there until they are read, even if the caller hangs up
            // meanwhile.
            aside(move || (receiver.read(claim, bytes), share)).await?
        };
        let Read { taken, secret_label } = read?;
        let record::Records { records, changes, dead_letters, is_test } = taken;
        let accepted = Accepted { secret_label, changes, dead_letters, bytes: size, is_test };
        self.publish(records).await?;
        Ok(accepted)
    }

    /// Makes a signed request durable on the control lane, as a change of `field`, and returns its
    /// confirmation code.
    ///
    /// # Errors
    ///
    /// [`Problem`] where it is not, or not to be believed.
    pub async fn control(&self, request: Request, field: &'static str) -> Result<String, Problem> {
        let (parts, body) = request.into_parts();
        let WholeBody { bytes, share: _share } = body::read(&self.forms, &parts.headers, body).await?;
        let _request = self.requests.share(1).ok_or(Problem::Overloaded)?;
        let form = Form::from_request(Request::from_parts(parts, Body::from(bytes)), &()).await;
        let Form(SignedForm { signed_request }) = form.map_err(|_| Problem::NoForm)?;
        let now = self.clock.now();
        let signed = SignedRequest::verify(&signed_request, &self.verifier, now)?;
        let taken = record::records_of(&[signed.change(field)], &signed.secret_label, now);
        self.publish(taken.records).await?;
        tracing::info!(webhook.field = field, "a signed request was taken");
        Ok(signed.confirmation_code)
    }

    /// Publishes; where traces are on, whoever lands the records goes on from the span of this.
    async fn publish(&self, mut records: Vec<Record>) -> Result<(), Unpublished> {
        let span = tracing::debug_span!("kafka.publish", records = records.len());
        if let Some(place) = trace::place(&span) {
            for record in &mut records {
                record.trace = Some(place.clone());
            }
        }
        self.publisher.publish(records).instrument(span).await
    }

    /// From the bytes of a body to what is to be published.
    fn read(&self, claim: Claim, body: Bytes) -> Result<Read, SignatureError> {
        let signed = self.verifier.verify(claim, body)?;
        let taken = record::records(&signed, self.clock.now());
        Ok(Read { taken, secret_label: Arc::clone(signed.secret_label()) })
    }
}

/// Works on a thread of its own, so that nobody waits behind it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => Ok(outcome),
        Err(error) => match error.try_into_panic() {
            // As it would have gone on without a thread of its own.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending; whoever sent this sends it again.
            Err(_) => Err(Problem::Overloaded),
        },
    }
}
