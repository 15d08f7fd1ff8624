//! SystemTap's wording and layout.
