//! The bundled model, asked as callers ask it.
