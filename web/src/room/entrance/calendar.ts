/** Fetches the calendar entry of a personal link; the link itself never stands in an address. */

export async function downloadCalendar(token: string): Promise<void> {
  const response = await fetch("/api/invitations/mine/calendar.ics", { headers: { "X-Invitation": token } });
  if (!response.ok) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = "yuntiao.ics";
  link.click();
  URL.revokeObjectURL(link.href);
}
