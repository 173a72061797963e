import type { ReactNode } from "react";

export const metadata = { title: "The progress of a job" };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
