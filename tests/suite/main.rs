mod drive;
mod sim;
