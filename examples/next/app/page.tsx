import { Progress } from "./progress";

export default function Page() {
  return <Progress job="7" />;
}
