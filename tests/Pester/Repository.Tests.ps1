BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    $env:GIT_CONFIG_GLOBAL = '/dev/null'
    $origin = "$Sandbox/origin.git"
    git init -q --bare -b main $origin
    git init -q -b main "$Sandbox/work"
    Set-Content "$Sandbox/work/readme" 'of the repository'
    git -C "$Sandbox/work" add readme
    git -C "$Sandbox/work" -c user.name=n -c user.email=e@x commit -q -m first
    git -C "$Sandbox/work" push -q $origin main
    $first = git -C "$Sandbox/work" rev-parse HEAD
}
AfterAll {
    Remove-Item Env:GIT_CONFIG_GLOBAL
    Clear-Sandbox
}

Describe 'A repository for a task' -Tag Local {
    It 'is where the task runs, and the task says which commits it began at and left' {
        $work = 'cat readme; echo x >made; git add made; git -c user.name=n -c user.email=e@x commit -q -m made; git push -q'
        $task = Invoke-RemoteTask $work -Repository $origin -Branch main -TaskBranch fix/made -Wait 6>$null
        $task.State | Should -Be 'Succeeded'
        (Get-Content $task.LogPath) | Should -Contain 'of the repository'
        $task.Repository.Url | Should -Be $origin
        $task.Repository.Before | Should -Be $first
        $task.Repository.After | Should -Be (git --git-dir=$origin rev-parse fix/made)
        $task.Repository.Branch | Should -Be 'fix/made'
        $task.Repository.Commits | Should -Be 1
        $task.Repository.IsPushed | Should -BeTrue
        $task.Repository.IsDirty | Should -BeFalse
        ($task | Format-List | Out-String) | Should -Match "Repository\s*: main $($first.Substring(0, 7)) → fix/made [0-9a-f]{7}, 1 commit, pushed"
        (Get-RemoteTask $task.Id).Repository | Should -Be $task.Repository
    }

    It 'that cannot be cloned is the reason of a task that failed' {
        $task = Invoke-RemoteTask 'true' -Repository $origin -Branch nowhere | Wait-RemoteTask
        $task.State | Should -Be 'Failed'
        $task.Reason | Should -Be "the command was not run: no clone of ${origin}: it has no branch or tag 'nowhere'"
    }

    It 'is part of what -WhatIf shows, with the folder of it' {
        $said = Invoke-OtherProcess "Invoke-RemoteTask true -Repository git@github.com:octo/site.git -Branch main -Depth 0 -WorkingDirectory src -WhatIf"
        "$said" | Should -Match 'in a clone of git@github.com:octo/site.git at main, whole, on a branch of its own, in its folder src'
    }

    It 'is never an address with a password in it, nor an option' {
        foreach ($address in 'https://user:secret@github.com/octo/site', 'https://token@github.com/octo/site', '--upload-pack=id', 'ext::sh -c id') {
            { Invoke-RemoteTask 'true' -Repository $address } | Should -Throw -ErrorId 'InvalidInput,*'
        }
        try { Invoke-RemoteTask 'true' -Repository https://user:secret@github.com/octo/site } catch { $said = "$_ $($_.Exception.Message) $($_.TargetObject)" }
        $said | Should -Match 'would be written down'
        $said | Should -Not -Match 'secret'
    }

    It 'takes no working directory outside of it' {
        { Invoke-RemoteTask 'true' -Repository $origin -WorkingDirectory /srv } | Should -Throw -ErrorId 'InvalidInput,*' -ExpectedMessage '*not below the repository*'
        { Invoke-RemoteTask 'true' -Repository $origin -WorkingDirectory ../x } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'has no branch and no depth without -Repository' {
        { Invoke-RemoteTask 'true' -Branch main } | Should -Throw -ErrorId 'InvalidInput,*' -ExpectedMessage '*-Branch is about a repository*'
        { Invoke-RemoteTask 'true' -TaskBranch x } | Should -Throw -ErrorId 'InvalidInput,*'
        { Invoke-RemoteTask 'true' -Depth 0 } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'is offered by Tab as the origin of the current folder, without a password' {
        $null = New-Item -ItemType Directory "$Sandbox/here", "$Sandbox/elsewhere"
        git init -q "$Sandbox/here"
        git -C "$Sandbox/here" remote add origin 'https://user:secret@github.com/octo/site'
        Push-Location "$Sandbox/here"
        try {
            (Get-Completion 'Invoke-RemoteTask make web1 -Repository ').CompletionText | Should -Be "'https://github.com/octo/site'"
            Set-Location "$Sandbox/elsewhere"
            (Get-Completion 'Invoke-RemoteTask make web1 -Repository ').ToolTip | Should -Not -BeLike 'the origin of*'
        }
        finally {
            Pop-Location
        }
    }
}
