ALTER TABLE `jobs` ADD `falls_back` integer;--> statement-breakpoint
CREATE INDEX `jobs_fallback` ON `jobs` (`falls_back`) WHERE falls_back is not null;