ALTER TABLE `jobs` ADD `idempotency_key` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `idempotency_digest` text;--> statement-breakpoint
CREATE INDEX `jobs_key` ON `jobs` (`idempotency_key`) WHERE idempotency_key is not null;