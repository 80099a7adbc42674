//! Renders every page with sample data, checks the rules of README.md on each, and leaves the pages as a preview.

#[cfg(test)]
mod all {
    mod administration;
    mod audit;
    mod contrast;
    mod datasets;
    mod html;
    mod jobs;
    mod pages;
    mod preview;
    mod records;
    mod sample;
}
